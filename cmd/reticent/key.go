package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
	"github.com/reticent/reticent/secretstore/key"
)

func keyCommand(c *connection) *cobra.Command {
	d := documents[client.Key]{
		c: c, kind: "key",
		of:      func(api *client.Client) collection[client.Key] { return api.Keys(c.scope) },
		columns: []string{"name", "secret", "use", "algorithms", "operations", "updated_at"},
		about:   func(k client.Key) (int, []string) { return k.Version, k.Warnings },
	}
	return group("key", "secrets that sign, verify, encrypt and decrypt",
		keyPut(c, d), d.get(), d.list(), d.delete(), keyVersions(c), keySign(c), keyVerify(c), keyEncrypt(c), keyDecrypt(c), keySet(c), keyStatus(c), keyRotate(c))
}

func keyPut(c *connection, d documents[client.Key]) *cobra.Command {
	var spec client.KeySpec
	cmd := c.verb("put ID SECRET", "map a key to a secret", cobra.ExactArgs(2),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			spec.Secret = args[1]
			return d.put(cmd, api, args[0], spec)
		})
	cmd.Long = `Map a key to a secret. It signs and encrypts with the newest enabled version of the
secret, verifies and decrypts with every enabled one: to rotate it, type
"reticent secret add-version SECRET --generate ec".`
	flags := cmd.Flags()
	flags.StringVar(&spec.Use, "use", "", "what it is for: `sig` (the default) or enc")
	flags.StringSliceVar(&spec.Algorithms, "algorithms", nil, "`names` of RFC 7518; the first that goes with a version makes its tokens")
	flags.StringVar(&spec.Encryption, "encryption", "", "the content `encryption` of tokens (A256GCM)")
	flags.StringSliceVar(&spec.Operations, "operations", nil, "what it may do, such as `verify`; none is everything of its use")
	flags.StringVar(&spec.Description, "description", "", "a `text` for people")
	return cmd
}

func keyVersions(c *connection) *cobra.Command {
	return c.verb("versions ID", "list the versions that a key uses, the newest first", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			versions, err := api.Keys(c.scope).Versions(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return list(c.format, cmd.OutOrStdout(), versions, "version", "kid", "algorithms", "active", "problem")
		})
}

// contentFlags say what is signed or encrypted.
type contentFlags struct {
	file   string
	claims bool
}

func (f *contentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.file, "file", "f", "-", "the `file` with the text; - is standard input")
	cmd.Flags().BoolVar(&f.claims, "claims", false, "the text is a JSON object, the claims of a JSON Web Token")
}

func (f *contentFlags) content(cmd *cobra.Command) (client.Content, error) {
	text, err := readFile(cmd, f.file, key.MaxPayloadBytes, "MaxPayloadBytes")
	if err != nil {
		return client.Content{}, err
	}
	if f.claims {
		return client.Content{Claims: text}, nil
	}
	payload := string(text)
	return client.Content{Payload: &payload}, nil
}

func keySign(c *connection) *cobra.Command {
	var content contentFlags
	var q client.SignRequest
	cmd := c.verb("sign ID", "sign with the newest enabled version", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			var err error
			if q.Content, err = content.content(cmd); err != nil {
				return err
			}
			signed, err := api.Keys(c.scope).Sign(cmd.Context(), args[0], q)
			if err != nil {
				return err
			}
			return c.wrote(cmd, signed.Token+signed.Signature, signed)
		})
	content.register(cmd)
	cmd.Flags().StringVar(&q.Format, "format", "", "what to make: `jws` (the default), a token, or raw, a signature alone")
	cmd.Flags().StringVar(&q.Algorithm, "algorithm", "", "one of the `algorithms` of the version, if not its first")
	return cmd
}

func keyVerify(c *connection) *cobra.Command {
	cmd := c.verb("verify ID", "verify a token with every enabled version", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			token, err := readToken(cmd)
			if err != nil {
				return err
			}
			v, err := api.Keys(c.scope).Verify(cmd.Context(), args[0], client.VerifyRequest{Token: token})
			if err != nil {
				return err
			}
			if !v.Valid {
				return fmt.Errorf("the token is not valid (%s)", v.Reason)
			}
			return show(c.format, cmd.OutOrStdout(), v)
		})
	cmd.Long = "Verify the token in standard input. One that is not valid is an error."
	return cmd
}

func keyEncrypt(c *connection) *cobra.Command {
	var content contentFlags
	cmd := c.verb("encrypt ID", "encrypt to the newest enabled version", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			given, err := content.content(cmd)
			if err != nil {
				return err
			}
			made, err := api.Keys(c.scope).Encrypt(cmd.Context(), args[0], client.EncryptRequest{Content: given})
			if err != nil {
				return err
			}
			return c.wrote(cmd, made.Token, made)
		})
	content.register(cmd)
	return cmd
}

func keyDecrypt(c *connection) *cobra.Command {
	cmd := c.verb("decrypt ID", "decrypt a token with every enabled version", cobra.ExactArgs(1),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			token, err := readToken(cmd)
			if err != nil {
				return err
			}
			opened, err := api.Keys(c.scope).Decrypt(cmd.Context(), args[0], token)
			if err != nil {
				return err
			}
			return show(c.format, cmd.OutOrStdout(), opened)
		})
	cmd.Long = "Decrypt the token in standard input."
	return cmd
}

func keySet(c *connection) *cobra.Command {
	return c.verb("jwks", "print the public keys of the scope, a JSON Web Key Set", cobra.NoArgs,
		func(cmd *cobra.Command, api *client.Client, _ []string) error {
			set, err := api.KeySet(cmd.Context(), c.scope)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), set)
		})
}

// readToken reads a token from standard input: arguments are in everybody's list of
// processes.
func readToken(cmd *cobra.Command) (string, error) {
	text, err := readFile(cmd, "-", key.MaxTokenBytes, "MaxTokenBytes")
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", errors.New("there is no token in standard input")
	}
	return token, nil
}
