package secretstore

// precondition is what a write expects of the stored state.
type precondition struct {
	absent bool   // nothing may be there
	etag   string // what is there has this ETag; "" means anything, "*" that something is
}

// check holds what is stored against p; what names the resource.
func (p precondition) check(exists bool, etag, what string) error {
	switch {
	case p.absent && exists:
		return fail(ErrExists, "%s exists already; PUT replaces it", what)
	case p.etag == "":
		return nil
	case !exists, p.etag != "*" && p.etag != etag:
		return fail(ErrChanged, "%s was changed since it was read; read it again and repeat the change", what)
	}
	return nil
}
