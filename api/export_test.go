package api

import (
	"strings"

	"github.com/reticent/reticent/secretstore/access"
)

// Need gives what the table says that a route needs; public routes need nothing.
func Need(method, pattern string) (any []access.Permission, kind access.Kind, public, known bool) {
	key := RouteOf(method, pattern)
	n, known := permissions[key]
	return n.any, access.Kind(n.kind), isPublic[key], known || isPublic[key]
}

// RoutesOfTable gives every route that the table has, as the table has it.
func RoutesOfTable() map[string]bool {
	all := make(map[string]bool)
	for key := range permissions {
		all[key] = true
	}
	for key := range isPublic {
		all[key] = true
	}
	return all
}

// RouteOf is how the table has a route of openapi.yaml.
func RouteOf(method, pattern string) string {
	return route(method, strings.Replace(pattern, "/{path}", "/*", 1))
}
