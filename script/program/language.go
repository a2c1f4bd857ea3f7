package program

// Language is what a source is written in.
type Language string

// The languages.
const (
	// JavaScript runs as it is written where the engine's parser knows all of it,
	// and is lowered first where it does not.
	JavaScript Language = "javascript"
	// TypeScript is always lowered. Its types are not checked.
	TypeScript Language = "typescript"
)

// Names that positions in a script's stack have for a file.
const (
	// FileName is that of a source in JavaScript.
	FileName = "script.js"
	// TypeScriptName is that of a source in TypeScript.
	TypeScriptName = "script.ts"
	// loweredName is that of what lowering adds and no line of the source stands
	// for.
	loweredName = "lowered.js"
)

func (l Language) fileName() string {
	if l == TypeScript {
		return TypeScriptName
	}
	return FileName
}
