package host

import "github.com/dop251/goja"

// nativeModules make the modules of [program.NativeModules], each once for a run
// that asks for it.
var nativeModules = map[string]func(*Host) goja.Value{
	"crypto":       (*Host).newCrypto,
	"jsonwebtoken": (*Host).newJWT,
	"%inspect":     (*Host).inspectModule,
	"%fixtures":    (*Host).fixturesModule,
}
