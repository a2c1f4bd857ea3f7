package policy

import (
	"bytes"
	"encoding/json"

	"github.com/reticent/reticent/policy/jsonvalue"
)

// secretsMember is the member of an input in which policies that come from
// Cloudentity find secrets, at the root and in contexts. No caller may supply
// one: he would authenticate himself.
const secretsMember = "secrets"

// decodeInput reads an input strictly. Package rego does the same while it reads
// one into OPA's own values. nil stands for an empty input.
func decodeInput(text json.RawMessage) (any, *Problem) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	v, err := jsonvalue.Decode(text)
	if err != nil {
		return nil, &Problem{Code: CodeInput, Message: "the input cannot be read: " + err.Error()}
	}
	return v, checkSecrets(v)
}

// checkSecrets refuses an input with secrets of its own.
func checkSecrets(v any) *Problem {
	root, _ := v.(map[string]any)
	contexts, _ := root["contexts"].(map[string]any)
	_, atRoot := root[secretsMember]
	_, inContexts := contexts[secretsMember]
	if atRoot || inContexts {
		return &Problem{Code: CodeInputSecrets, Message: "an input can have neither secrets nor contexts.secrets: policies get secrets from the server"}
	}
	return nil
}
