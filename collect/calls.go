package collect

// Calls counts the calls of Python functions.
var Calls = Kind{Name: "calls", Title: "calls", Measures: "how often each function is called and resumed", Default: true}
