module github.com/reticent/reticent

go 1.26.0

// What the server is built of.
require (
	cel.dev/cel-go v0.32.0 // evaluates expressions of validators
	github.com/Azure/azure-sdk-for-go/sdk/azcore v1.23.3 // options of Azure's clients
	github.com/Azure/azure-sdk-for-go/sdk/azidentity v1.15.0 // credentials for Azure Key Vault
	github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys v1.5.0 // wraps the keyring by Azure Key Vault
	github.com/aws/aws-sdk-go-v2 v1.41.4 // resource names of AWS
	github.com/aws/aws-sdk-go-v2/config v1.32.12 // credentials for AWS KMS
	github.com/aws/aws-sdk-go-v2/service/kms v1.50.3 // asks AWS KMS
	github.com/aws/aws-sdk-go-v2/service/secretsmanager v1.41.4 // fetches secrets of AWS Secrets Manager
	github.com/aws/smithy-go v1.24.2 // errors of AWS
	github.com/dlclark/regexp2/v2 v2.5.2 // what goja runs some regular expressions with; its limit is set
	github.com/dop251/goja v0.0.0-20260917113740-793a2a65c13b // runs JavaScript
	github.com/elastic/go-seccomp-bpf v1.6.0 // bounds the system calls of worker processes
	github.com/envoyproxy/go-control-plane/envoy v1.40.0 // the messages of Envoy's external authorization
	github.com/evanw/esbuild v0.28.2 // makes JavaScript of TypeScript and of newer syntax
	github.com/go-chi/chi/v5 v5.5.0 // routes requests
	github.com/go-json-experiment/json v1.27.2 // strict JSON: duplicate names, bad UTF-8 and unknown members refused
	github.com/go-sourcemap/sourcemap v2.1.3+incompatible // leads from compiled to written lines
	github.com/google/uuid v1.6.0 // makes UUIDs
	github.com/hashicorp/golang-lru/v2 v2.0.7 // keeps what http.send got
	github.com/hashicorp/vault/api v1.20.0 // asks Vault or OpenBao
	github.com/landlock-lsm/go-landlock v0.11.0 // keeps worker processes from files and ports
	github.com/lestrrat-go/jwx/v3 v3.3.0 // reads JSON Web Keys and verifies tokens with public ones
	github.com/nlnwa/whatwg-url v0.6.2 // URL of scripts, as browsers parse it
	github.com/open-policy-agent/opa v1.22.2 // evaluates Rego
	github.com/prometheus/client_golang v1.25.0 // counts
	github.com/rogpeppe/go-internal v1.16.0 // compares texts by lines; and testscript
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // checks what points give scripts and get from them
	github.com/spf13/cobra v1.10.2 // the command line
	github.com/spf13/pflag v1.0.10
	github.com/tink-crypto/tink-go-awskms/v3 v3.0.0 // wraps the keyring by AWS KMS
	github.com/tink-crypto/tink-go-gcpkms/v2 v2.4.0 // wraps the keyring by Google Cloud KMS
	github.com/tink-crypto/tink-go-hcvault/v2 v2.5.0 // wraps the keyring by Vault or OpenBao
	github.com/tink-crypto/tink-go/v2 v2.9.0 // encrypts at rest
	github.com/trustelem/zxcvbn v1.0.1 // tells weak secrets by how they would be guessed
	go.etcd.io/bbolt v1.5.0 // keeps state in a file
	golang.org/x/crypto v0.58.0 // Argon2id
	golang.org/x/net v0.62.0 // public suffixes and international host names
	golang.org/x/sys v0.49.0 // limits of worker processes
	golang.org/x/term v0.47.0 // prompts that do not echo
	golang.org/x/text v0.43.0 // the character sets of TextDecoder
	google.golang.org/api v0.286.0 // credentials for Google Cloud KMS
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260819154853-08b0e4226688 // the status of an answer to Envoy
	google.golang.org/grpc v1.84.0 // the transport of Envoy's external authorization
	google.golang.org/protobuf v1.36.12 // writes what Envoy sends as JSON
	sigs.k8s.io/yaml v1.6.0 // manifests and the API's document
)

// What its tests need besides.
require (
	github.com/getkin/kin-openapi v0.153.0 // holds requests and answers to the API's document
	github.com/google/go-cmp v0.7.0
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0 // properties and generated programs
)

require (
	cel.dev/expr v0.25.2 // indirect
	cloud.google.com/go v0.123.0 // indirect
	cloud.google.com/go/auth v0.20.0 // indirect
	cloud.google.com/go/auth/oauth2adapt v0.2.8 // indirect
	cloud.google.com/go/compute/metadata v0.9.0 // indirect
	cloud.google.com/go/iam v1.11.0 // indirect
	cloud.google.com/go/kms v1.31.0 // indirect
	cloud.google.com/go/longrunning v1.0.0 // indirect
	github.com/Azure/azure-sdk-for-go/sdk/internal v1.13.0 // indirect
	github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/internal v1.2.0 // indirect
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1 // indirect
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	github.com/aws/aws-sdk-go-v2/credentials v1.19.12 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.18.20 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.4.20 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.7.20 // indirect
	github.com/aws/aws-sdk-go-v2/internal/ini v1.8.6 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.7 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.13.20 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.0.8 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.30.13 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.35.17 // indirect
	github.com/aws/aws-sdk-go-v2/service/sts v1.41.9 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/bits-and-blooms/bitset v1.20.0 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cncf/xds/go v0.0.0-20260202195803-dba9d589def2 // indirect
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // indirect
	github.com/dlclark/regexp2 v1.12.0 // indirect
	github.com/envoyproxy/protoc-gen-validate v1.3.3 // indirect
	github.com/felixge/httpsnoop v1.1.0 // indirect
	github.com/go-jose/go-jose/v4 v4.1.4 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/go-openapi/jsonpointer v1.0.0 // indirect
	github.com/gobwas/glob v1.0.0 // indirect
	github.com/goccy/go-json v0.10.6 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/google/pprof v0.0.0-20230207041349-798e818bf904 // indirect
	github.com/google/s2a-go v0.1.9 // indirect
	github.com/googleapis/enterprise-certificate-proxy v0.3.16 // indirect
	github.com/googleapis/gax-go/v2 v2.22.0 // indirect
	github.com/hashicorp/errwrap v1.1.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-multierror v1.1.1 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.7 // indirect
	github.com/hashicorp/go-rootcerts v1.0.2 // indirect
	github.com/hashicorp/go-secure-stdlib/parseutil v0.1.6 // indirect
	github.com/hashicorp/go-secure-stdlib/strutil v0.1.2 // indirect
	github.com/hashicorp/go-sockaddr v1.0.2 // indirect
	github.com/hashicorp/hcl v1.0.1-vault-7 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/lestrrat-go/blackmagic v1.0.4 // indirect
	github.com/lestrrat-go/dsig v1.4.0 // indirect
	github.com/lestrrat-go/dsig-secp256k1 v1.0.0 // indirect
	github.com/lestrrat-go/httpcc v1.0.1 // indirect
	github.com/lestrrat-go/httprc/v3 v3.0.6 // indirect
	github.com/lestrrat-go/option/v2 v2.0.0 // indirect
	github.com/mitchellh/go-homedir v1.1.0 // indirect
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pkg/browser v0.0.0-20240102092130-5ac0b6a4141c // indirect
	github.com/planetscale/vtprotobuf v0.6.1-0.20240319094008-0393e58bdf10 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/ryanuber/go-glob v1.0.0 // indirect
	github.com/segmentio/asm v1.2.1 // indirect
	github.com/sirupsen/logrus v1.10.2 // indirect
	github.com/test-go/testify v1.1.4 // indirect
	github.com/valyala/fastjson v1.6.10 // indirect
	github.com/vektah/gqlparser/v2 v2.5.58 // indirect
	github.com/xeipuuv/gojsonpointer v0.0.0-20190905194746-02993c407bfb // indirect
	github.com/xeipuuv/gojsonreference v0.0.0-20180127040603-bd5ef7bd5415 // indirect
	github.com/yashtewari/glob-intersection v0.2.0 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc v0.67.0 // indirect
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.71.0 // indirect
	go.opentelemetry.io/otel v1.46.0 // indirect
	go.opentelemetry.io/otel/metric v1.46.0 // indirect
	go.opentelemetry.io/otel/trace v1.46.0 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
	golang.org/x/exp v0.0.0-20240823005443-9b4947da3948 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	google.golang.org/genproto v0.0.0-20260622175928-b703f567277d // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260819154853-08b0e4226688 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.77 // indirect
)
