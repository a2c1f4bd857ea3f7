package jsonvalue

// MaxNesting is how deep arrays and objects may nest. Recursion over a decoded
// value is bounded by it.
const MaxNesting = 100
