package secretstore

import "sort"

// PageRequest asks for a page of a list.
type PageRequest struct {
	// Size is the number of items, 1 to MaxPageSize; 0 means DefaultPageSize.
	Size int
	// Token is the next_page_token of the page before, "" for the first.
	Token string
}

// Page is a page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	// NextPageToken asks for the page that follows; "" on the last one.
	NextPageToken string `json:"next_page_token"`
}

// pageOf makes a page of what of a map may be seen, in the order of its keys.
func pageOf[V, T any](m map[string]V, p PageRequest, seen func(name string) bool, show func(string, V) T) (Page[T], error) {
	if p.Size < 0 || p.Size > MaxPageSize {
		return Page[T]{}, fail(ErrInvalid, "page_size is a number from 1 to %d (MaxPageSize)", MaxPageSize)
	}
	if p.Size == 0 {
		p.Size = DefaultPageSize
	}
	names := make([]string, 0, len(m))
	for name := range m {
		if name > p.Token && seen(name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	out := Page[T]{Items: []T{}}
	for i, name := range names {
		if i == p.Size {
			out.NextPageToken = names[i-1]
			break
		}
		out.Items = append(out.Items, show(name, m[name]))
	}
	return out, nil
}
