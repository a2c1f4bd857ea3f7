package validator

import (
	"regexp"
	"strings"

	"github.com/reticent/reticent/secretstore/placeholder"
)

// begun is where a placeholder begins: a misspelt one is no text to compare with.
// Other text in such braces is.
var begun = regexp.MustCompile(`\$\{(workflow\.)?(secrets?|variables|env)[.:]|&\{(esv|byos)\.`)

// constant compiles a value. A string that is a placeholder for a secret or a
// variable is that; one with a placeholder in it would be a comparison with a text
// that nobody meant, and is refused.
func (c *compiler) constant(v any, pointer string, compares comparator) (operand, bool) {
	text, ok := v.(string)
	if !ok {
		return c.literal(v, pointer, compares)
	}
	t, err := placeholder.Parse(text)
	if err != nil && begun.MatchString(text) {
		c.report(pointer, CodeOperand, "write $${ or &&{ for the text", "a placeholder that cannot be read: %s", err)
		return operand{}, false
	}
	if err != nil || len(t) == 0 {
		return c.literal(v, pointer, compares) // it has none
	}
	if len(t) == 1 && t[0].Reference == nil {
		return c.literal(t[0].Text, pointer, compares) // without its escapes
	}
	if r := t[0].Reference; len(t) == 1 {
		name := strings.Join(append([]string{r.Name}, r.Path...), ".")
		switch r.Form {
		case placeholder.Secret, placeholder.WorkflowSecret:
			return c.secretOperand(name, pointer)
		case placeholder.Variable, placeholder.WorkflowEnv:
			return c.variableOperand(name, pointer)
		}
	}
	c.report(pointer, CodeOperand, "write $${ or &&{ for the text", "a placeholder in a value is the whole of it, and one for a secret or a variable by name")
	return operand{}, false
}
