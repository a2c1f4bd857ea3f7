package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reticent/reticent/secretstore/kv"
)

// RotatorConfig is what a Rotator is made of.
type RotatorConfig struct {
	// Run runs the scripts of plans.
	Run RunScript
	// Count counts rotations by outcome, "rotated" or "failed"; nil counts nothing.
	Count func(outcome string)
}

// Rotator follows the plans of secrets. Every node may have one: they take turns by
// a lease, so that one works.
type Rotator struct {
	store  *Store
	config RotatorConfig
	node   string
	cancel context.CancelFunc
	done   chan struct{}
}

// NewRotator makes a Rotator. Start sets it going.
func (s *Store) NewRotator(c RotatorConfig) *Rotator {
	if c.Count == nil {
		c.Count = func(string) {}
	}
	return &Rotator{store: s, config: c, node: randomID()}
}

// Start looks for what is due every RotationInterval, until Close.
func (r *Rotator) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	go func() {
		defer close(r.done)
		tick := time.NewTicker(RotationInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if err := r.Pass(ctx); err != nil && ctx.Err() == nil {
				r.store.log.Error("the plans of secrets could not be followed", "error", err)
			}
		}
	}()
}

// Close ends what Start began, and leaves the lease to other nodes.
func (r *Rotator) Close() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	<-r.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// Where it fails, the lease ends by itself.
	_ = r.store.update(ctx, func(tx kv.WriteTx) error {
		if held, err := getLease(tx); err != nil || held.Holder != r.node {
			return err
		}
		return tx.Delete(leaseKey)
	})
}

// Pass rotates what is due, once, if this node has the lease or can take it.
func (r *Rotator) Pass(ctx context.Context) error {
	for _, d := range r.store.dueRotations() {
		held, err := r.lease(ctx)
		if err != nil || !held {
			return err
		}
		if err := r.follow(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rotator) follow(ctx context.Context, d dueRotation) error {
	limited, cancel := context.WithTimeout(ctx, MaxRotationTime)
	defer cancel()
	err := r.store.followPlan(limited, d, r.config.Run)
	log := r.store.log.With("scope", d.scope.Path(), "secret", d.name)
	switch {
	case err == nil:
		r.config.Count("rotated")
		log.Info("a secret was rotated by its plan")
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errSuperseded), errors.Is(err, ErrNotFound) && r.store.state.Load().secrets[d.scope][d.name] == nil:
		return nil
	}
	r.config.Count("failed")
	failures, noted := r.store.failRotation(ctx, d, err)
	log.Warn("the plan of a secret failed", "failures", failures, "reason", rotationError(err))
	return noted
}

// leaseRecord is who follows the plans, and until when.
type leaseRecord struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

const leaseKey = "lease:rotation"

func getLease(tx kv.Tx) (held leaseRecord, err error) {
	raw, err := tx.Get(leaseKey)
	if errors.Is(err, kv.ErrNotFound) {
		return leaseRecord{}, nil
	}
	if err != nil {
		return held, err
	}
	if err := json.Unmarshal(raw, &held); err != nil {
		return held, fmt.Errorf("row %s: %w", leaseKey, err)
	}
	return held, nil
}

// lease takes or renews the lease, for longer than one rotation may take.
func (r *Rotator) lease(ctx context.Context) (mine bool, err error) {
	err = r.store.update(ctx, func(tx kv.WriteTx) error {
		held, err := getLease(tx)
		if err != nil {
			return err
		}
		now := r.store.now()
		if mine = held.Holder == r.node || !held.Until.After(now); !mine {
			return nil
		}
		return put(tx, leaseKey, leaseRecord{r.node, now.Add(RotationLease)})
	})
	return mine && err == nil, err
}
