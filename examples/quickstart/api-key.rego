package quickstart

default allow := false

allow if input.context.api_key == data.secrets.API_KEY
