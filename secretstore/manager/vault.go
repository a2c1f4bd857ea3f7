package manager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/reticent/reticent/secretstore/seal"
)

// Vault is a key-value engine of HashiCorp Vault or OpenBao.
type Vault struct {
	// Address is the server's, such as https://vault.example.com:8200.
	Address string `json:"address"`
	// Namespace is that of the engine and of the login; "" is the root.
	Namespace string `json:"namespace,omitempty"`
	// Engine is the version of the engine, 1 or 2; 0 means 2.
	Engine int `json:"engine,omitempty"`
	// Mount is where the engine is; "" means secret.
	Mount string    `json:"mount,omitempty"`
	Auth  VaultAuth `json:"auth"`
}

// VaultMethod is how a manager logs in to Vault.
type VaultMethod string

// The methods.
const (
	VaultToken      VaultMethod = "token"
	VaultAppRole    VaultMethod = "approle"
	VaultKubernetes VaultMethod = "kubernetes"
	VaultJWT        VaultMethod = "jwt"
)

// VaultAuth says how to log in.
type VaultAuth struct {
	Method VaultMethod `json:"method"`
	// Mount is where the method is; "" means its name.
	Mount string `json:"mount,omitempty"`
	// RoleID is that of AppRole, Role that of the other methods.
	RoleID string `json:"role_id,omitempty"`
	Role   string `json:"role,omitempty"`
	// Secret is the name of the secret with the token, the SecretID or the JWT. The
	// token goes out in the header, the others in the body. The method kubernetes
	// without one goes by the service account of the server's own pod.
	Secret string `json:"secret,omitempty"`
}

func (v *Vault) check() ([]string, error) {
	if err := checkURL("/vault/address", v.Address); err != nil {
		return nil, err
	}
	if v.Engine == 0 {
		v.Engine = 2
	}
	if v.Engine != 1 && v.Engine != 2 {
		return nil, invalid("/vault/engine: 1 or 2")
	}
	if v.Mount == "" {
		v.Mount = "secret"
	}
	a := &v.Auth
	if a.Mount == "" {
		a.Mount = string(a.Method)
	}
	for pointer, text := range map[string]string{"/vault/mount": v.Mount, "/vault/auth/mount": a.Mount, "/vault/namespace": v.Namespace} {
		if strings.ContainsAny(text, "?#%\\") || strings.Contains("/"+text+"/", "/../") || len(text) > 512 {
			return nil, invalid("%s: a path is expected", pointer)
		}
	}
	switch a.Method {
	case VaultToken:
		if a.Role != "" || a.RoleID != "" {
			return nil, invalid("/vault/auth: a token has no role")
		}
	case VaultAppRole:
		if a.RoleID == "" || a.Role != "" {
			return nil, invalid("/vault/auth/role_id: AppRole has a role_id, and no role")
		}
	case VaultJWT, VaultKubernetes:
		if a.Role == "" || a.RoleID != "" {
			return nil, invalid("/vault/auth/role: the method %s has a role, and no role_id", a.Method)
		}
	default:
		return nil, invalid("/vault/auth/method: use token, approle, kubernetes or jwt")
	}
	if a.Secret == "" && a.Method == VaultKubernetes {
		return nil, nil
	}
	return []string{a.Secret}, checkSecret("/vault/auth/secret", a.Secret)
}

func (v *Vault) local() bool { return v.Auth.Method == VaultKubernetes && v.Auth.Secret == "" }

// vault asks Vault.
type vault struct {
	connection
	Vault
	target seal.Target
	base   *api.Client // without a token

	mu      sync.Mutex
	token   string
	renewAt time.Time // zero is never
}

func newVault(c connection, v Vault) (*vault, error) {
	target, err := targetOf(v.Address)
	if err != nil {
		return nil, err
	}
	base, err := api.NewClient(&api.Config{
		Address: v.Address, HttpClient: c.client(target), DisableRedirects: true, MaxRetries: 0,
	})
	if err != nil {
		return nil, fmt.Errorf("client of vault: %w", err)
	}
	// The client has read the variables of the server's environment.
	base.ClearToken()
	base.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	if v.Namespace != "" {
		base.SetNamespace(v.Namespace)
	}
	return &vault{connection: c, Vault: v, target: target, base: base}, nil
}

// Fetch implements Source.
func (v *vault) Fetch(ctx context.Context, name string) (Fetched, error) {
	token, fresh, err := v.login(ctx, "")
	if err != nil {
		return Fetched{}, err
	}
	out, err := v.read(ctx, token, name)
	if errors.Is(err, ErrDenied) && !fresh && v.Auth.Method != VaultToken {
		// The token may have been revoked before its time.
		if token, _, err = v.login(ctx, token); err == nil {
			out, err = v.read(ctx, token, name)
		}
	}
	return out, err
}

// client gives a client with a token, "" for none.
func (v *vault) client(token string) (*api.Client, error) {
	c, err := v.base.CloneWithHeaders()
	if err != nil {
		return nil, ErrConfig
	}
	c.SetToken(token)
	return c, nil
}

func (v *vault) read(ctx context.Context, token, name string) (Fetched, error) {
	c, err := v.client(token)
	if err != nil {
		return Fetched{}, err
	}
	var secret *api.KVSecret
	if v.Engine == 1 {
		secret, err = c.KVv1(v.Mount).Get(ctx, name)
	} else {
		secret, err = c.KVv2(v.Mount).Get(ctx, name)
	}
	if err != nil {
		return Fetched{}, ofVault(err)
	}
	out := Fetched{Keys: make(map[string]string, len(secret.Data))}
	if m := secret.VersionMetadata; m != nil {
		if m.Destroyed || secret.Data == nil {
			return Fetched{}, ErrNotFound
		}
		out.Version, out.ExpiresAt = strconv.Itoa(m.Version), m.DeletionTime
	}
	for key, value := range secret.Data {
		switch value := value.(type) {
		case nil:
		case string:
			out.Keys[key] = value
		default:
			text, err := marshal(value)
			if err != nil {
				return Fetched{}, ErrMalformed
			}
			out.Keys[key] = text
		}
	}
	return out, nil
}

// login gives a token: the one that there is, unless it is old or the refused one, or
// a new one, and whether it is new.
func (v *vault) login(ctx context.Context, refused string) (token string, fresh bool, err error) {
	if v.Auth.Method == VaultToken {
		token, err = v.credential(v.Auth.Secret, v.target, seal.Header)
		return token, true, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token != "" && v.token != refused && (v.renewAt.IsZero() || v.s.now().Before(v.renewAt)) {
		return v.token, false, nil
	}
	body, err := v.loginBody()
	if err != nil {
		return "", false, err
	}
	c, err := v.client("")
	if err != nil {
		return "", false, err
	}
	secret, err := c.Logical().WriteWithContext(ctx, "auth/"+v.Auth.Mount+"/login", body)
	if err != nil {
		return "", false, ofVault(err)
	}
	if secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "" {
		return "", false, ErrMalformed
	}
	v.token, v.renewAt = secret.Auth.ClientToken, time.Time{}
	if lease := time.Duration(secret.Auth.LeaseDuration) * time.Second; lease > 0 {
		v.renewAt = v.s.now().Add(time.Duration(float64(lease) * RefreshAt))
	}
	return v.token, true, nil
}

func (v *vault) loginBody() (map[string]any, error) {
	if v.local() {
		jwt, err := readTokenFile(v.s.cfg.Local.tokenFile())
		return map[string]any{"role": v.Auth.Role, "jwt": jwt}, err
	}
	credential, err := v.credential(v.Auth.Secret, v.target, seal.Body)
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	if v.Auth.Method == VaultAppRole {
		maps.Copy(body, map[string]any{"role_id": v.Auth.RoleID, "secret_id": credential})
	} else {
		maps.Copy(body, map[string]any{"role": v.Auth.Role, "jwt": credential})
	}
	return body, nil
}

// ofVault gives the error of one of the client's, whose text may quote the answer.
func ofVault(err error) error {
	var answer *api.ResponseError
	switch {
	case errors.Is(err, api.ErrSecretNotFound):
		return ErrNotFound
	case errors.As(err, &answer):
		return ofStatus(answer.StatusCode)
	}
	return ofClient(err)
}
