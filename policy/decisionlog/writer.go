package decisionlog

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// Writer is a [Stream] of lines to a file or to standard output. It writes in the
// background.
type Writer struct {
	path   string // "" for what is not reopened
	out    io.Writer
	log    *slog.Logger
	lines  chan []byte
	reopen chan struct{}
	stop   chan struct{}
	done   chan struct{}
	lost   atomic.Int64
}

// NewWriter starts a Writer to what is open already, standard output.
func NewWriter(out io.Writer, log *slog.Logger) *Writer {
	w := &Writer{out: out, log: log, lines: make(chan []byte, MaxStreamed), reopen: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go w.write()
	return w
}

// OpenFile starts a Writer that appends to a file, which only its owner may read if
// it is new. A file that was moved or deleted is made anew.
func OpenFile(path string, log *slog.Logger) (*Writer, error) {
	f, err := openLog(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, out: f, log: log, lines: make(chan []byte, MaxStreamed), reopen: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go w.write()
	return w, nil
}

func openLog(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the decision log: %w", err)
	}
	return f, nil
}

// Send is [Stream]'s.
func (w *Writer) Send(line []byte) bool {
	select {
	case w.lines <- line:
		return true
	default:
		return false
	}
}

// Reopen opens the file again by its name, before the next line.
func (w *Writer) Reopen() {
	select {
	case w.reopen <- struct{}{}:
	default: // it will be
	}
}

// Close is [Stream]'s.
func (w *Writer) Close() int {
	close(w.stop)
	select {
	case <-w.done:
	case <-time.After(StopTime): // nobody reads standard output
	}
	return int(w.lost.Load()) + len(w.lines)
}

func (w *Writer) write() {
	defer close(w.done)
	for {
		select {
		case line := <-w.lines:
			w.line(line)
		case <-w.reopen:
			w.again()
		case <-w.stop:
			for {
				select {
				case line := <-w.lines:
					w.line(line)
				default:
					if c, ok := w.out.(io.Closer); ok && w.path != "" {
						_ = c.Close()
					}
					return
				}
			}
		}
	}
}

func (w *Writer) line(line []byte) {
	if w.moved() {
		w.again()
	}
	if _, err := w.out.Write(line); err != nil {
		w.lost.Add(1)
		w.log.Warn("a decision was not written to the stream", "error", err)
	}
}

// moved reports whether the file is no longer the one of its name.
func (w *Writer) moved() bool {
	f, ok := w.out.(*os.File)
	if !ok || w.path == "" {
		return false
	}
	own, err := f.Stat()
	if err != nil {
		return true
	}
	named, err := os.Stat(w.path)
	return errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(own, named)
}

// again opens the file by its name. Where that fails the old one goes on.
func (w *Writer) again() {
	if w.path == "" {
		return
	}
	f, err := openLog(w.path)
	if err != nil {
		w.log.Warn("the decision log was not opened again", "error", err)
		return
	}
	if c, ok := w.out.(io.Closer); ok {
		_ = c.Close()
	}
	w.out = f
}
