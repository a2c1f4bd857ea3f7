package policy

import (
	"encoding/json"
)

// Document is a policy as it is written and stored. [secretstore.Decode] reads
// its JSON, strictly.
type Document struct {
	// Type says whose requests the policy is about, and so where it may be bound;
	// empty is [TypeAPI].
	Type Type `json:"type,omitempty"`
	// Language says which engine decides, and so which of the following fields
	// the document has.
	Language Language `json:"language"`

	// Source is the only module of a Rego policy.
	Source string `json:"source,omitempty"`
	// Modules are the modules of a Rego policy by file name, in place of Source.
	Modules map[string]string `json:"modules,omitempty"`
	// RegoVersion is the version of Rego that the modules are written in, 0 or 1;
	// nil is 1.
	RegoVersion *int `json:"rego_version,omitempty"`
	// Data is an object with documents of a Rego policy's own.
	Data json.RawMessage `json:"data,omitempty"`
	// Decision is the Rego rule that decides, as "acp/authz/allow"; empty means
	// allow in the package of the first module by name.
	Decision string `json:"decision,omitempty"`

	// Validators are the validators of a declarative policy.
	Validators json.RawMessage `json:"validators,omitempty"`

	// RecordInput says whether the decision log has the input, sealed, masked and
	// redacted; nil is what the server says, which is no unless it was asked to.
	RecordInput *bool `json:"record_input,omitempty"`

	// Description is for people.
	Description string `json:"description,omitempty"`

	Envelope
}

// Language is what a policy is written in.
type Language string

// The languages of policies.
const (
	Rego       Language = "rego"
	Validators Language = "validators"
	// Cloudentity is what Cloudentity calls Validators.
	Cloudentity Language = "cloudentity"
)

// Validate checks what no engine reads, and that the document has the
// fields of its language and no others. The error is an [*InvalidError].
func (d Document) Validate() error {
	if d.Type != "" && !d.Type.valid() {
		return invalid(CodeInvalidDocument, "/type", "there are user, developer, machine, dcr, api", "there is no such type of policy")
	}
	if len(d.Description) > MaxDescription {
		return invalid(CodeLimit, "/description", "", "the description is longer than %d bytes (MaxDescription)", MaxDescription)
	}
	switch d.Language {
	case Rego:
		return d.validateRego()
	case Validators, Cloudentity:
		return d.validateValidators()
	}
	return invalid(CodeInvalidDocument, "/language", `write "rego" or "validators"`, "there is no such language")
}

func (d Document) validateRego() error {
	switch {
	case d.Validators != nil:
		return invalid(CodeInvalidDocument, "/validators", "leave it out", "a Rego policy has no validators")
	case d.Source == "" && len(d.Modules) == 0:
		return invalid(CodeInvalidDocument, "/source", "give source, or modules by file name", "a Rego policy needs its source")
	case d.RegoVersion != nil && *d.RegoVersion != 0 && *d.RegoVersion != 1:
		return invalid(CodeInvalidDocument, "/rego_version", "write 0 or 1", "there is no such version of Rego")
	case d.Source != "" && d.Modules != nil:
		return invalid(CodeInvalidDocument, "/modules", "put the source among the modules", "a Rego policy has either source or modules")
	}
	return nil
}

func (d Document) validateValidators() error {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"source", d.Source != ""}, {"modules", d.Modules != nil}, {"data", d.Data != nil}, {"decision", d.Decision != ""}, {"rego_version", d.RegoVersion != nil},
	} {
		if field.given {
			return invalid(CodeInvalidDocument, "/"+field.name, "leave it out", "a policy of validators has no %s", field.name)
		}
	}
	if d.Validators == nil {
		return invalid(CodeInvalidDocument, "/validators", "give an array of validators", "a policy of validators needs them")
	}
	return nil
}

// recordsInput reports whether the decision log has inputs of the policy, where
// the server says otherwise for those that do not say.
func (d *Document) recordsInput(otherwise bool) bool {
	if d.RecordInput == nil {
		return otherwise
	}
	return *d.RecordInput
}
