package program

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja/file"
	"github.com/go-sourcemap/sourcemap"
)

// position is one entry of a source map, with lines from 0 and columns from 0.
type position struct{ line, column, sourceLine, sourceColumn int }

// positions makes of esbuild's source map one that is exact in the engine's
// terms. The engine looks positions up, and shows them, with columns that count
// bytes from 1; source maps have columns that count UTF-16 units from 0
// (ECMA-426).
func positions(sourceMap []byte, source, code, name string) (*sourcemap.Consumer, error) {
	var m struct {
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(sourceMap, &m); err != nil || len(m.Sources) > 1 {
		return nil, errSourceMap
	}
	list, err := readMappings(m.Mappings)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 { // nothing but types
		list = []position{{}}
	}
	from, to := newColumns(source), newColumns(code)
	for i, p := range list {
		list[i].column = to.bytes(p.line, p.column) + 1
		list[i].sourceColumn = from.bytes(p.sourceLine, p.sourceColumn) + 1
	}
	// The engine finds nothing after the last entry.
	end := list[len(list)-1]
	end.line, end.column = len(to.lines)+1, 0
	text, err := json.Marshal(map[string]any{"version": 3, "sources": []string{name}, "mappings": writeMappings(append(list, end))})
	if err != nil {
		return nil, err
	}
	return sourcemap.Parse("", text)
}

var errSourceMap = errors.New("the source map is not one of esbuild's")

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// readMappings reads the mappings of a source map with one source.
func readMappings(s string) ([]position, error) {
	var list []position
	var p position
	for line := range strings.SplitSeq(s, ";") {
		p.column = 0
		for segment := range strings.SplitSeq(line, ",") {
			fields, err := readVLQ(segment)
			if err != nil {
				return nil, err
			}
			if len(fields) > 0 {
				p.column += fields[0]
			}
			if len(fields) < 4 { // text that no source stands for
				continue
			}
			p.sourceLine += fields[2]
			p.sourceColumn += fields[3]
			list = append(list, p)
		}
		p.line++
	}
	return list, nil
}

// readVLQ reads the numbers of a segment: digits of five bits, least significant
// first, with a bit that says that more follow; the lowest bit is the sign.
func readVLQ(s string) ([]int, error) {
	var out []int
	value, shift := 0, 0
	for i := range len(s) {
		digit := strings.IndexByte(base64Digits, s[i])
		if digit < 0 || shift > 30 {
			return nil, errSourceMap
		}
		value |= digit & 31 << shift
		shift += 5
		if digit&32 == 0 {
			if value&1 == 1 {
				out = append(out, -(value >> 1))
			} else {
				out = append(out, value>>1)
			}
			value, shift = 0, 0
		}
	}
	return out, nil
}

func writeMappings(list []position) string {
	var b strings.Builder
	var last position
	for i, p := range list {
		if p.line > last.line {
			b.WriteString(strings.Repeat(";", p.line-last.line))
			last.column = 0
		} else if i > 0 {
			b.WriteByte(',')
		}
		for _, n := range []int{p.column - last.column, 0, p.sourceLine - last.sourceLine, p.sourceColumn - last.sourceColumn} {
			writeVLQ(&b, n)
		}
		last = p
	}
	return b.String()
}

func writeVLQ(b *strings.Builder, n int) {
	n <<= 1
	if n < 0 {
		n = -n | 1
	}
	for n > 31 {
		b.WriteByte(base64Digits[n&31|32])
		n >>= 5
	}
	b.WriteByte(base64Digits[n])
}

// columns turns columns in UTF-16 units into columns in bytes.
type columns struct {
	lines []string
	// tables hold, for a line that is not ASCII, the byte of each UTF-16 unit.
	tables map[int][]int
}

func newColumns(text string) *columns {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return &columns{lines: strings.Split(text, "\n"), tables: map[int][]int{}}
}

func (c *columns) bytes(line, column int) int {
	if line >= len(c.lines) {
		return column
	}
	table, ok := c.tables[line]
	if !ok {
		for i, r := range c.lines[line] {
			if table == nil && r < 0x80 {
				continue
			}
			if table == nil {
				for j := range i {
					table = append(table, j)
				}
			}
			for range utf16.RuneLen(r) {
				table = append(table, i)
			}
		}
		c.tables[line] = table
	}
	switch {
	case table == nil:
		return column
	case column < len(table):
		return table[column]
	}
	return len(c.lines[line])
}

// offsetFinding gives f the place of a byte of source.
func offsetFinding(source string, at int, f Finding) Finding {
	return findingAt(file.NewFile(FileName, source, 1), file.Idx(at+1), f)
}
