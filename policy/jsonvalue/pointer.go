package jsonvalue

import (
	"strconv"
	"strings"
)

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// Member gives the JSON pointer (RFC 6901) of an object's member.
func Member(pointer, name string) string { return pointer + "/" + pointerEscapes.Replace(name) }

// Element gives the JSON pointer (RFC 6901) of an array's element.
func Element(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }
