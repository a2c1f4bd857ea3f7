// Package placeholder reads and resolves the references that configuration has in
// its strings: one grammar, with the front ends of the products that it comes from.
//
//	${secrets.NAME} ${secrets.NAME.field}                     a secret, or a part of one
//	${workflow.secrets.NAME.field}                            the same
//	${variables.NAME} ${workflow.env.NAME.field}              a variable, or a part of one
//	${secret:manager/name}                                    a secret of a manager
//	&{esv.my.variable} &{esv.my.variable|default}             a variable or a secret
//	{"$int": "&{esv.port|1389}"}                              a value of a type
//
// A string that is one reference has its value, of whatever type; in a longer one
// the value stands as text. "$${" is "${" and "&&{" is "&{", and every further $ or &
// before them is doubled as well. In a default, "\}" is "}" and "\\" is "\". The types are
// $int, $number, $bool, $string, $list, $array, $object, $base64:encode and
// $base64:decode.
//
// # How it fits
//
// A document keeps its references to the letter: [References] says, when it is
// stored, which secrets it refers to, so that whoever stores it needs their use, and
// a [Resolver] makes the copy that is sent, in a run of its sealing set.
//
// # What it protects
//
// Secrets from the document's author and from whatever the copy passes: what a
// reference to a secret gives is a surrogate of the run, which package seal resolves
// at a boundary that the secret allows, and nothing here opens one. What is put in is
// never read again for references, and so no value can name a secret. A reference to
// nothing is an error that names it, and a default never stands in for a secret that
// exists and may not be used.
package placeholder
