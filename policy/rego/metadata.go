package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reticent/reticent/secretstore/seal"
)

// sealMetadata is a compiler stage that seals what rego.metadata.rule and
// rego.metadata.chain make literals of: OPA reads it from comments while it
// compiles.
func sealMetadata(run *seal.Run) ast.CompilerStageDefinition {
	return ast.CompilerStageDefinition{
		Name:       "SealMetadata",
		MetricName: "compile_stage_seal_metadata",
		Stage: func(c *ast.Compiler) *ast.Error {
			for _, m := range c.Modules {
				for _, a := range m.Annotations {
					if err := sealAnnotations(run, a); err != nil {
						return ast.NewError(ast.CompileErr, a.Location, "a comment with metadata has a surrogate in it")
					}
				}
			}
			return nil
		},
	}
}

func sealAnnotations(run *seal.Run, a *ast.Annotations) error {
	texts := []*string{&a.Title, &a.Description}
	for i := range a.Organizations {
		texts = append(texts, &a.Organizations[i])
	}
	for _, x := range a.Authors {
		texts = append(texts, &x.Name, &x.Email)
	}
	for _, x := range a.RelatedResources {
		texts = append(texts, &x.Description)
	}
	for _, s := range texts {
		sealed, err := run.SealString(*s)
		if err != nil {
			return err
		}
		*s = sealed
	}
	for _, m := range []*map[string]any{&a.Custom, &a.Labels} {
		if *m == nil {
			continue
		}
		sealed, err := run.SealValue(*m)
		if err != nil {
			return err
		}
		*m = sealed.(map[string]any)
	}
	return nil
}
