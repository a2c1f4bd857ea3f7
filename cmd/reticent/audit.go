package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/audit"
)

func auditCommand(c *connection) *cobra.Command {
	return group("audit", "who did what: a log that cannot be changed unseen", auditList(c), auditExport(c), auditVerify(c))
}

// auditFilter says which entries are asked for.
type auditFilter struct {
	principal, action, name, secret, outcome string
	since                                    time.Duration
}

func (f *auditFilter) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.principal, "principal", "", "those of this `principal`")
	flags.StringVar(&f.action, "action", "", "those of this `action`, as secret.update")
	flags.StringVar(&f.name, "name", "", "those about what has this `name`")
	flags.StringVar(&f.secret, "secret", "", "those where this `secret` was in play")
	flags.StringVar(&f.outcome, "outcome", "", "those with this `outcome`: ok, refused, failed, allow or deny")
	flags.DurationVar(&f.since, "since", 0, "those of the last `duration`")
}

func (f *auditFilter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"principal": f.principal, "action": f.action, "name": f.name, "secret": f.secret, "outcome": f.outcome} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.since > 0 {
		q.Set("since", time.Now().Add(-f.since).UTC().Format(time.RFC3339))
	}
	return q
}

func auditList(c *connection) *cobra.Command {
	var f auditFilter
	var limit int
	cmd := c.verb("list", "list what was done, the newest first", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			if limit < 1 {
				return errors.New("--limit is at least 1")
			}
			q := f.query()
			var entries []json.RawMessage
			for len(entries) < limit {
				q.Set("page_size", strconv.Itoa(min(limit-len(entries), 500)))
				page, err := api.Audit(cmd.Context(), c.scope, q)
				if err != nil {
					return err
				}
				entries = append(entries, page.Items...)
				if page.NextPageToken == "" {
					break
				}
				q.Set("page_token", page.NextPageToken)
			}
			return list(c.format, cmd.OutOrStdout(), entries, "seq", "time", "principal", "action", "scope", "name", "outcome", "count")
		})
	f.register(cmd)
	cmd.Flags().IntVar(&limit, "limit", 20, "at most `this many`")
	return cmd
}

func auditExport(c *connection) *cobra.Command {
	var f auditFilter
	cmd := c.verb("export", "print entries as JSON lines, the oldest first", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			q := f.query()
			q.Set("order", "asc")
			q.Set("page_size", "500")
			out := bufio.NewWriter(cmd.OutOrStdout())
			for {
				page, err := api.Audit(cmd.Context(), c.scope, q)
				if err != nil {
					return errors.Join(out.Flush(), err)
				}
				for _, e := range page.Items {
					if _, err := fmt.Fprintf(out, "%s\n", e); err != nil {
						return err
					}
				}
				if page.NextPageToken == "" {
					return out.Flush()
				}
				q.Set("page_token", page.NextPageToken)
			}
		})
	cmd.Long = `Print audit entries as JSON lines, the oldest first. An export of the platform
without a filter is the whole chain, which "reticent audit verify --file" checks
without the server.`
	f.register(cmd)
	return cmd
}

func auditVerify(c *connection) *cobra.Command {
	var file, expect string
	cmd := &cobra.Command{
		Use: "verify", Short: "make sure that no entry was changed, added or taken out", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			seq, hash, err := parseExpected(expect)
			if err != nil {
				return err
			}
			if file != "" {
				return verifyFile(c, cmd, file, seq, hash)
			}
			api, err := c.dial()
			if err != nil {
				return err
			}
			report, err := api.VerifyAudit(cmd.Context())
			if err != nil {
				return err
			}
			if !report.Intact {
				return fmt.Errorf("the audit log is not whole: at entry %d: %s", report.At, report.Problem)
			}
			if seq > 0 {
				if err := expected(cmd, api, seq, hash); err != nil {
					return err
				}
			}
			return c.wrote(cmd, intact(report.Entries, report.Head.Last, report.Head.Hash), report)
		},
	}
	cmd.Long = `Make sure that no entry of the audit log was changed, added, moved or taken out.

The server checks every entry against the one before, and the last against the
head, which it keeps sealed. With --file, the entries of an export are checked
here. Neither can tell whether a whole older database was put in place: for that,
keep what this prints, and give it to --expect the next time.`
	cmd.Flags().StringVar(&file, "file", "", "check this export, a `file` of JSON lines; - is standard input")
	cmd.Flags().StringVar(&expect, "expect", "", "an entry that must be there, as `SEQ:HASH`")
	return cmd
}

func intact(entries, seq int64, hash string) string {
	return fmt.Sprintf("intact: %d entries, head %d:%s", entries, seq, hash)
}

func parseExpected(text string) (seq int64, hash string, err error) {
	if text == "" {
		return 0, "", nil
	}
	number, hash, _ := strings.Cut(text, ":")
	if seq, err = strconv.ParseInt(number, 10, 64); err != nil || seq < 1 || hash == "" {
		return 0, "", errors.New("--expect is SEQ:HASH, as this command prints it")
	}
	return seq, hash, nil
}

var errExpected = errors.New("the entry that is expected is not there: an older database, or another one, was put in place")

// expected asks for one entry.
func expected(cmd *cobra.Command, api *client.Client, seq int64, hash string) error {
	page, err := api.Audit(cmd.Context(), client.Scope{}, url.Values{"order": {"asc"}, "page_size": {"1"}, "page_token": {strconv.FormatInt(seq, 10)}})
	if err != nil {
		return err
	}
	var e audit.Entry
	if len(page.Items) == 0 || json.Unmarshal(page.Items[0], &e) != nil || e.Seq != seq || e.Hash != hash {
		return errExpected
	}
	return nil
}

// verifyFile checks an export.
func verifyFile(c *connection, cmd *cobra.Command, name string, seq int64, hash string) error {
	var source io.Reader = cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // nothing was written
		source = f
	}
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, MaxAuditLineBytes)
	v := audit.NewVerifier("")
	found, n := seq == 0, int64(0)
	var last audit.Entry
	for lines.Scan() {
		n++
		e, err := v.Add(lines.Bytes())
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", name, n, err)
		}
		found = found || e.Seq == seq && e.Hash == hash
		last = e
	}
	switch {
	case lines.Err() != nil:
		return fmt.Errorf("%s: line %d: %w (lines have at most %d bytes, MaxAuditLineBytes)", name, n+1, lines.Err(), MaxAuditLineBytes)
	case n == 0:
		return fmt.Errorf("%s: there are no entries", name)
	case !found:
		return errExpected
	}
	return c.wrote(cmd, intact(n, last.Seq, last.Hash), map[string]any{"intact": true, "entries": n, "last": last.Seq, "hash": last.Hash})
}
