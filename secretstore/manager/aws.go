package manager

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/reticent/reticent/secretstore/seal"
)

// AWS is Secrets Manager of Amazon Web Services. Without an access key it goes by the
// default chain of the SDK: the server's own environment, files, web identity, machine.
type AWS struct {
	Region string `json:"region"`
	// Endpoint is another address than that of the region.
	Endpoint string `json:"endpoint,omitempty"`
	// AccessKeyID is that of the access key, Secret the name of the secret with its
	// secret access key, SessionToken that of one with the token of a temporary key.
	AccessKeyID  string `json:"access_key_id,omitempty"`
	Secret       string `json:"secret,omitempty"`
	SessionToken string `json:"session_token,omitempty"`
}

var (
	regionGrammar    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)
	accessKeyGrammar = regexp.MustCompile(`^[A-Z0-9]{8,128}$`)
)

func (a *AWS) check() (secrets []string, err error) {
	if !regionGrammar.MatchString(a.Region) {
		return nil, invalid("/aws/region: a region such as eu-central-1 is expected")
	}
	if a.Endpoint != "" {
		if err := checkURL("/aws/endpoint", a.Endpoint); err != nil {
			return nil, err
		}
	}
	if a.local() {
		if a.Secret != "" || a.SessionToken != "" {
			return nil, invalid("/aws/access_key_id: that of the access key is expected")
		}
		return nil, nil
	}
	if !accessKeyGrammar.MatchString(a.AccessKeyID) {
		return nil, invalid("/aws/access_key_id: capital letters and digits are expected")
	}
	if a.SessionToken != "" {
		if err := checkSecret("/aws/session_token", a.SessionToken); err != nil {
			return nil, err
		}
		secrets = append(secrets, a.SessionToken)
	}
	return append(secrets, a.Secret), checkSecret("/aws/secret", a.Secret)
}

func (a *AWS) local() bool { return a.AccessKeyID == "" }

// endpoint is where the region's service is.
func (a *AWS) endpoint() string {
	if a.Endpoint != "" {
		return a.Endpoint
	}
	return "https://secretsmanager." + a.Region + ".amazonaws.com"
}

// awsSource asks Secrets Manager.
type awsSource struct {
	connection
	AWS
	target seal.Target
	client *secretsmanager.Client
}

func newAWS(c connection, a AWS) (*awsSource, error) {
	target, err := targetOf(a.endpoint())
	if err != nil {
		return nil, err
	}
	s := &awsSource{connection: c, AWS: a, target: target}
	var from aws.CredentialsProvider = aws.CredentialsProviderFunc(s.accessKey)
	if a.local() {
		chain, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(a.Region))
		if err != nil {
			return nil, fmt.Errorf("configuration of aws: %w", err)
		}
		from = chain.Credentials
	}
	s.client = secretsmanager.New(secretsmanager.Options{
		Region: a.Region, BaseEndpoint: aws.String(a.endpoint()), Credentials: from,
		HTTPClient: c.client(target), Retryer: aws.NopRetryer{},
	})
	return s, nil
}

// accessKey reads the access key, for each request.
func (s *awsSource) accessKey(context.Context) (aws.Credentials, error) {
	out := aws.Credentials{AccessKeyID: s.AccessKeyID}
	var err error
	if out.SecretAccessKey, err = s.credential(s.Secret, s.target, seal.Header); err != nil || s.SessionToken == "" {
		return out, err
	}
	out.SessionToken, err = s.credential(s.SessionToken, s.target, seal.Header)
	return out, err
}

// Fetch implements Source: the version that is AWSCURRENT.
func (s *awsSource) Fetch(ctx context.Context, name string) (Fetched, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)})
	if err != nil {
		return Fetched{}, ofAWS(err)
	}
	f := Fetched{Text: aws.ToString(out.SecretString), Version: aws.ToString(out.VersionId)}
	if out.SecretString == nil {
		f.Text = string(out.SecretBinary)
	}
	return f, nil
}

// ofAWS gives the error of one of the client's, whose text may quote the answer.
func ofAWS(err error) error {
	if errors.Is(err, ErrConfig) {
		return ErrConfig
	}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		switch answer.ErrorCode() {
		case "ResourceNotFoundException", "InvalidRequestException": // deleted, but not yet gone
			return ErrNotFound
		case "ThrottlingException", "TooManyRequestsException", "LimitExceededException":
			return ErrThrottled
		case "AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignatureException",
			"InvalidClientTokenId", "DecryptionFailure", "InvalidParameterException", "ValidationException":
			return ErrDenied
		}
	}
	var failed *smithyhttp.ResponseError
	if errors.As(err, &failed) {
		if status := failed.HTTPStatusCode(); status != 200 {
			return ofStatus(status)
		}
	}
	return ofClient(err)
}
