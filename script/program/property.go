package program

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// PropertyObjects are the objects by which ForgeRock's scripts read secrets and
// variables: systemEnv in AM, identityServer in IDM.
var PropertyObjects = []string{"systemEnv", "identityServer"}

// PropertyName gives the name of the secret or variable that getProperty is asked
// for: esv.my.secret is esv-my-secret.
func PropertyName(property string) string { return strings.ReplaceAll(property, ".", "-") }

// propertyCall gives the name of systemEnv.getProperty("name").
func (a *analysis) propertyCall(n *ast.CallExpression) (string, bool) {
	callee, ok := n.Callee.(*ast.DotExpression)
	if !ok || callee.Identifier.Name != "getProperty" || len(n.ArgumentList) == 0 {
		return "", false
	}
	object, ok := callee.Left.(*ast.Identifier)
	if !ok || !slices.Contains(PropertyObjects, object.Name.String()) {
		return "", false
	}
	property, ok := constantString(n.ArgumentList[0])
	name := PropertyName(property)
	return name, ok && IsSecretName(name)
}
