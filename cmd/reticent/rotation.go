package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/reticent/reticent/api/client"
)

// rotationFlags are the plan that gives a secret new values.
type rotationFlags struct {
	every, beforeExpiry string
	generate, script    string
	keep                int
	none                bool
}

func (f *rotationFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.every, "rotate-every", "", "give it a new value when the newest is this `old`, such as 720h")
	flags.StringVar(&f.beforeExpiry, "rotate-before-expiry", "", "give it a new value this `long` before it expires, such as 72h")
	flags.StringVar(&f.generate, "rotate-generate", "", "have the server make the value: `KIND`,MEMBER=VALUE as of --generate")
	flags.StringVar(&f.script, "rotate-script", "", "have this `script` set the value")
	flags.IntVar(&f.keep, "rotate-keep", -1, "how many `versions` before the newest stay enabled; the server's default is 1")
	c.MarkFlagsMutuallyExclusive("rotate-every", "rotate-before-expiry")
	c.MarkFlagsMutuallyExclusive("rotate-generate", "rotate-script")
}

// registerNone is for verbs that keep a plan otherwise.
func (f *rotationFlags) registerNone(c *cobra.Command) {
	c.Flags().BoolVar(&f.none, "no-rotation", false, "take the plan of rotation away")
}

// plan gives the plan, nil if no flag is given.
func (f *rotationFlags) plan() (*client.Rotation, error) {
	p := client.Rotation{Every: f.every, BeforeExpiry: f.beforeExpiry, Script: f.script}
	if f.generate != "" {
		var err error
		if p.Generate, err = parseGenerate(f.generate); err != nil {
			return nil, err
		}
	}
	if f.keep >= 0 {
		p.Keep = &f.keep
	}
	if p == (client.Rotation{}) {
		return nil, nil
	}
	return &p, nil
}

// patch gives the merge patch that the flags are, nil for none.
func (f *rotationFlags) patch() (json.RawMessage, error) {
	p, err := f.plan()
	switch {
	case err != nil:
		return nil, err
	case f.none:
		return rotationPatch(nil)
	case p == nil:
		return nil, nil
	}
	changes, err := membersOfPlan(*p)
	if err != nil {
		return nil, err
	}
	// What no flag is about stays, but for what one takes the place of.
	if p.Every == "" && p.BeforeExpiry == "" {
		delete(changes, "every")
		delete(changes, "before_expiry")
	}
	if p.Generate == nil && p.Script == "" {
		delete(changes, "generate")
		delete(changes, "script")
	}
	if p.Keep == nil {
		delete(changes, "keep")
	}
	return json.Marshal(changes)
}

// rotationPatch gives the merge patch that makes p the whole plan, nil for none.
func rotationPatch(p *client.Rotation) (json.RawMessage, error) {
	if p == nil {
		return json.RawMessage("null"), nil
	}
	changes, err := membersOfPlan(*p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(changes)
}

// membersOfPlan gives all members of a plan, null for those that it has not.
func membersOfPlan(p client.Rotation) (map[string]any, error) {
	members := map[string]any{"every": nil, "before_expiry": nil, "generate": nil, "script": nil, "keep": nil}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	if g, ok := members["generate"].(map[string]any); ok {
		for _, member := range []string{"length", "classes", "exclude", "bytes", "bits", "curve"} {
			if _, there := g[member]; !there {
				g[member] = nil
			}
		}
	}
	return members, nil
}
