package program

import (
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
)

// What the engine's parser does not know. All else is left as it is written, so
// that as little as possible is changed; regular expressions among it, which are
// checked where they stand.
var unsupported = map[string]bool{
	"async-generator": false, "for-await": false, "decorators": false, "using": false,
	"dynamic-import": false, "import-meta": false, "top-level-await": false,
}

// lowered is a source in the JavaScript of the engine.
type lowered struct {
	code      string
	positions *sourcemap.Consumer
}

// lower takes the types out of a source and puts in the place of modules and of
// what else the engine does not know what it does know. The text is hostile, and
// esbuild recurses over it: a worker that dies of that is the caller's to see.
func lower(u *Unit) (*lowered, []Finding) {
	source := u.Source
	if at := mapComment(source); at >= 0 {
		return nil, []Finding{offsetFinding(source, at, Finding{Code: CodeUnsupported,
			Message: "a source map comment in a source that is lowered would make its positions those of another text",
			Advice:  "remove the comment, or send the source that the map is of"})}
	}
	loader := api.LoaderJS
	if u.Language == TypeScript {
		loader = api.LoaderTS
	}
	result := api.Transform(source, api.TransformOptions{
		Loader: loader, Format: api.FormatCommonJS, Target: api.ESNext, Supported: unsupported,
		Sourcefile: u.fileName(), Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		LegalComments: api.LegalCommentsNone, TsconfigRaw: `{"compilerOptions":{"alwaysStrict":true}}`,
		LogLevel: api.LogLevelSilent,
	})
	if findings := lowerFindings(result); findings != nil {
		return nil, findings
	}
	if len(result.Code) > MaxLoweredBytes {
		return nil, []Finding{{Code: CodeLimit, Line: 1, Column: 1,
			Message: "the source becomes larger than 1048576 bytes of JavaScript (MaxLoweredBytes)",
			Advice:  "split it into several scripts"}}
	}
	out := &lowered{code: string(result.Code)}
	var err error
	if out.positions, err = positions(result.Map, source, out.code, u.fileName()); err != nil {
		return nil, []Finding{{Code: CodeSyntax, Line: 1, Column: 1, Message: "the source cannot be lowered"}}
	}
	return out, nil
}

// mapComment gives the offset of a comment that names the source map of source,
// or -1. esbuild would have positions go through that map, which is the author's
// to make up.
func mapComment(source string) int {
	for _, mark := range []string{"# sourceMappingURL=", "@ sourceMappingURL="} {
		if at := strings.Index(source, mark); at >= 0 {
			return at
		}
	}
	return -1
}

func lowerFindings(r api.TransformResult) []Finding {
	var out []Finding
	messages := r.Errors
	for _, m := range r.Warnings {
		if m.ID == "empty-import-meta" {
			messages = append(messages, m)
		}
	}
	for _, m := range messages {
		if len(out) == MaxFindings {
			break
		}
		f := Finding{Code: CodeSyntax, Message: m.Text, Line: 1, Column: 1}
		if m.Location != nil {
			f.Line, f.Column = max(m.Location.Line, 1), m.Location.Column+1
		}
		out = append(out, explain(f))
	}
	return out
}

// explain says what a message of esbuild means here.
func explain(f Finding) Finding {
	text, _, target := strings.Cut(f.Message, " in the configured target environment")
	switch {
	case strings.HasPrefix(f.Message, "panic:"):
		f.Message = "the source cannot be lowered"
	case strings.HasPrefix(text, "Top-level await"):
		f.Code, f.Message, f.Advice = CodeUnsupported, "top-level await is not supported", "await inside the exported function"
	case strings.Contains(text, "import.meta"):
		f.Code, f.Message, f.Advice = CodeUnsupported, "import.meta is not supported", "a script has no URL and no directory; take what it needs from context"
	case target:
		f.Code, f.Message = CodeUnsupported, text
	}
	f.Message = shorten(f.Message)
	return f
}

// shorten bounds a message that quotes the source.
func shorten(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}
