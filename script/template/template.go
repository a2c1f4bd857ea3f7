// Package template has the scripts that authors start from.
//
// # How it fits
//
// The API serves them, and the command line writes them into files. A test runs
// each with its context.
package template

import (
	"embed"
	"encoding/json"

	"github.com/reticent/reticent/script/point"
)

// Template is a script to start from.
type Template struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Point is the execution point that it is for.
	Point  point.Point `json:"point"`
	Source string      `json:"source"`
	// Context is one to try it with, as the point is given one; a member input is
	// context.input.
	Context json.RawMessage `json:"context"`
}

//go:embed files
var files embed.FS

// All are the templates, in the order in which they are shown.
var All = read([]Template{
	{Name: "empty", Title: "Empty", Point: point.Custom},
	{Name: "secret", Title: "Sample with a secret", Point: point.Custom},
	{Name: "api-request", Title: "Sample request of an API", Point: point.Custom},
	{Name: "authn-context", Title: "Change of the authentication context", Point: point.PostAuthnCtx},
	{Name: "idp-selection", Title: "Selection of identity providers", Point: point.AllowedIDPIDs},
})

func read(list []Template) []Template {
	text, err := files.ReadFile("files/contexts.json")
	if err != nil {
		panic(err)
	}
	var contexts map[string]json.RawMessage
	if err := json.Unmarshal(text, &contexts); err != nil {
		panic(err)
	}
	for i := range list {
		source, err := files.ReadFile("files/" + list[i].Name + ".js")
		if err != nil {
			panic(err)
		}
		list[i].Source, list[i].Context = string(source), contexts[list[i].Name]
	}
	return list
}

// Find gives a template by its name.
func Find(name string) (Template, bool) {
	for _, t := range All {
		if t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}
