package api

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// TLSFiles are the files of a server that speaks TLS itself. They are read again
// when they change, without a restart: whoever renews a certificate replaces them.
type TLSFiles struct {
	// Cert and Key are the server's certificate, with its chain, and its private key.
	Cert, Key string
	// ClientCA has the authorities that sign client certificates; "" takes none.
	ClientCA string
}

// TLSCheckInterval is how often, at most, the files are looked at.
const TLSCheckInterval = time.Second

// tlsConfig is what the files were when they were last read.
type tlsConfig struct {
	files TLSFiles
	log   *slog.Logger

	mu      sync.Mutex
	checked time.Time
	stamp   [3]fileStamp
	current *tls.Config
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// Config reads the files and gives the configuration of a listener. Where files
// that change later cannot be used, connections get what there was before, and
// log is told.
func (f TLSFiles) Config(log *slog.Logger) (*tls.Config, error) {
	c := &tlsConfig{files: f, log: log}
	stamp, err := c.stamps()
	if err != nil {
		return nil, err
	}
	if c.current, err = f.read(); err != nil {
		return nil, err
	}
	c.stamp, c.checked = stamp, time.Now()
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.renewed(), nil
		},
	}, nil
}

// renewed gives the configuration of a new connection.
func (c *tlsConfig) renewed() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) < TLSCheckInterval {
		return c.current
	}
	c.checked = time.Now()
	stamp, err := c.stamps()
	if err == nil && stamp == c.stamp {
		return c.current
	}
	var next *tls.Config
	if err == nil {
		next, err = c.files.read()
	}
	if err != nil {
		c.log.Error("the TLS files have changed and cannot be used; the last ones still are", "error", err)
		return c.current
	}
	c.log.Info("the TLS files were read again")
	c.stamp, c.current = stamp, next
	return next
}

func (c *tlsConfig) stamps() (out [3]fileStamp, err error) {
	for i, name := range []string{c.files.Cert, c.files.Key, c.files.ClientCA} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return out, err
		}
		out[i] = fileStamp{info.ModTime(), info.Size()}
	}
	return out, nil
}

func (f TLSFiles) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	c := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{pair},
		// A ticket would bring back a certificate of an authority that is gone.
		SessionTicketsDisabled: true,
	}
	if f.ClientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("authorities of client certificates: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("authorities of client certificates: there is no certificate in the file")
	}
	// Who has a token needs no certificate.
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c, nil
}
