package main

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// journals is what can be done with a journal that no gateway has open.
type journals struct {
	Key journalKey `cmd:"" help:"Make the key file that the configuration names, for a gateway that has encrypted nothing yet."`
}

type journalKey struct{ from }

// Run makes the key file; it never replaces one.
func (k *journalKey) Run(t terminal) error {
	c, err := config.LoadGateway(k.Config)
	if err != nil {
		return err
	}
	if c.Storage.KeyFile == "" {
		return fmt.Errorf("%s names no key file; write one outside the data directory as storage.key_file", k.Config)
	}
	if err := keyfile.Make(c.Storage.KeyFile); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "made %s. Keep a copy where no gateway is: without it nothing of this gateway's disk can be read.\n", c.Storage.KeyFile)
	return nil
}
