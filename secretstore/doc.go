// Package secretstore is the domain of the server: scopes, the write-only
// secrets in them with their versions, variables, and the documents (scripts,
// policies, bindings) that refer to secrets by name.
//
// It protects a secret's value from everybody who can call it: values go in and
// are never given back. What evaluates with them gets a sealing set
// (see package seal), and the packages below this one that open a plaintext are
// the only ones that the compiler lets.
//
// # How it fits
//
// A write goes through one transaction of a [kv.Store], which is the truth. The
// store follows its own commits as a watcher, keeps all state in an immutable
// snapshot behind an atomic pointer, and a write returns only when its commit
// is in the snapshot and whoever asked to know of changes (the engines, which
// compile and bind) has been told. Reads and evaluations take the snapshot and
// touch no disk.
//
// Every method first decides whether the principal may (authorize; package access
// has the rules), and every write is committed together with its audit entry
// (write; package audit), or not at all.
//
// # On disk
//
//	scope:{scope}                      a project or a service
//	secret:{scope}:{name}              metadata of a secret and of its versions
//	value:{scope}:{name}:{version}     envelope.Sealed: the encrypted value
//	use:{scope}:{name}                 the last use of a secret
//	doc:{kind}:{scope}:{name}          a variable, script, policy, binding, grant or group
//	cleared:{scope}:{name}             when the cache of a manager was cleared
//	token:{id}                         an API token, its hash encrypted
//	lease:rotation                     which node follows the plans of secrets
//	meta:key                           a constant under the key-encryption key
//	meta:kek:{key}                     the keyring, under a key outside of the database
//	meta:rotation                      a rotation of the key-encryption key that goes on
//
// where {scope} is "", "projects/p" or "projects/p/services/s".
package secretstore
