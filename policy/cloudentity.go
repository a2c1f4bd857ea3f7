package policy

import (
	"bytes"
	"encoding/json"
)

// Envelope has the members of a policy as Cloudentity's API prints it, beside
// type, language and validators. A policy is stored without them.
type Envelope struct {
	// Definition is the Rego of the policy: its source. Where it does not say which
	// version of Rego it is written in and is none of version 1, it is of version 0.
	Definition string `json:"definition,omitempty"`
	// PolicyName becomes the description, if there is none.
	PolicyName string `json:"policy_name,omitempty"`

	// The rest says where the policy was, and is left out.
	ID         string `json:"id,omitempty"`
	EnvVersion string `json:"env_version,omitempty"`
	ServerID   string `json:"server_id,omitempty"`
	TenantID   string `json:"tenant_id,omitempty"`
}

// adopt makes a policy that came in Cloudentity's envelope one of here. The error
// is an [*InvalidError].
func (d *Document) adopt() error {
	printed := d.Envelope
	if printed == (Envelope{}) {
		return nil
	}
	d.Envelope = Envelope{}
	if d.Description == "" {
		d.Description = printed.PolicyName
	}
	if d.Language == Rego && nothingIn(d.Validators) {
		d.Validators = nil
	}
	switch {
	case printed.Definition == "":
		return nil
	case d.Language != Rego:
		return invalid(CodeInvalidDocument, "/definition", "leave it out", "only a policy of Rego has a definition")
	case d.Source != "" || d.Modules != nil:
		return invalid(CodeInvalidDocument, "/definition", "leave it out", "a policy has either a definition or a source")
	}
	d.Source = printed.Definition
	if d.RegoVersion == nil {
		if _, err := d.Compile(); err != nil {
			older := *d
			older.RegoVersion = new(int)
			if _, err := older.Compile(); err == nil {
				*d = older
			}
		}
	}
	return nil
}

// nothingIn reports whether there are no validators, as Cloudentity prints it for
// policies of Rego.
func nothingIn(validators json.RawMessage) bool {
	var list []json.RawMessage
	return len(bytes.TrimSpace(validators)) == 0 || json.Unmarshal(validators, &list) == nil && len(list) == 0
}
