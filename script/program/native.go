package program

// NativeModules are the modules that package host makes, by their names without
// node:. Those with a percent sign are for the modules of folder node.
var NativeModules = map[string]bool{"crypto": true, "jsonwebtoken": true, "%inspect": true, "%fixtures": true}
