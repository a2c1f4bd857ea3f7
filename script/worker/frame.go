package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A message on the pipe is its length, four bytes with the most significant
// first, and that many bytes of JSON.

// bufferBytes holds most messages whole, so that one read takes them in.
const bufferBytes = 16 << 10

// errFrame is given for a message longer than MaxFrameBytes.
var errFrame = fmt.Errorf("worker: a message is larger than %d bytes (MaxFrameBytes)", MaxFrameBytes)

func writeFrame(w io.Writer, message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("worker: encoding a message: %w", err)
	}
	if len(body) > MaxFrameBytes {
		return errFrame
	}
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body)))
	if _, err := w.Write(append(frame, body...)); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	return nil
}

func readFrame(r io.Reader, message any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxFrameBytes {
		return errFrame
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	if err := json.Unmarshal(body, message); err != nil {
		return errors.New("worker: a message is not what it should be")
	}
	return nil
}
