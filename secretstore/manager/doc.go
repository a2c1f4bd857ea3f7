// Package manager fetches secrets of external secret managers: HashiCorp Vault and
// OpenBao, AWS Secrets Manager, mounted directories as Kubernetes makes them, and the
// environment of the server.
//
// A manager is a stored document (see [Document]). What an artefact names as
// MANAGER/NAME or MANAGER/NAME/KEY is fetched by the [Source] of the manager when it
// is first needed, before the evaluation, and kept in a [Service] until it expires. To
// package secretstore it is one more version of a secret: pinned in sealing sets,
// sealed, masked, and let go only where the manager's allowed_hosts and allowed_in say.
//
// It protects
//
//   - fetched values from everybody: they are in the memory of the server alone, never
//     in its database, and the view of the cache has names and times;
//   - the credentials of managers, which are secrets of the store: a manager refers to
//     them by name, whoever stores it needs the permission to use them, and they go
//     nowhere but to the hosts that their own limits allow;
//   - the credentials of the server itself, its files and its environment: managers
//     that go by those exist only on the platform, and only where the operator says so
//     ([Local]);
//   - evaluations from managers that are down: what does not name their secrets never
//     waits for them, what does is refused within the manager's timeout, and a circuit
//     breaker keeps it from waiting each time.
package manager
