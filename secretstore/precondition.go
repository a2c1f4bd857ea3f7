package secretstore

// precondition is what a write expects of the stored state.
type precondition struct {
	absent bool   // nothing may be there
	etag   string // what is there has this ETag; "" means anything, "*" that something is
}

func (p precondition) check(exists bool, etag string) error {
	switch {
	case p.absent && exists:
		return fail(ErrExists, "it exists already; PUT replaces it")
	case p.etag == "":
		return nil
	case !exists, p.etag != "*" && p.etag != etag:
		return fail(ErrChanged, "it was changed since it was read; read it again and repeat the change")
	}
	return nil
}
