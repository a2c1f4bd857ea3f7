package program

import "strings"

// NativeModules are the modules that package host makes, by their names.
var NativeModules = map[string]bool{"crypto": true, "jsonwebtoken": true}

// NativeModule gives the name of one of [NativeModules], which Node spells with
// node: before it too.
func NativeModule(name string) (string, bool) {
	short := strings.TrimPrefix(name, "node:")
	return short, NativeModules[short]
}
