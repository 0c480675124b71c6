package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// journals is what can be done with a journal that no gateway has open.
type journals struct {
	Export exportJournal `cmd:"" help:"Write what a pulled card holds into a file for rollcall-central import taps."`
	Verify verifyJournal `cmd:"" help:"Read a journal that no gateway has open, and name what is damaged or missing."`
	Key    journalKey    `cmd:"" help:"Make the key file that the configuration names, for a gateway that has encrypted nothing yet."`
}

// pulled is a journal on a card that was pulled.
type pulled struct {
	Dir     string `arg:"" type:"existingdir" help:"Data directory of the gateway, its journal directory, or one that was set aside. Nothing in it is changed."`
	KeyFile string `type:"path" help:"The gateway's key file, if its disk was encrypted."`
}

// secret is that of the key file, nil if none was given.
func (p pulled) secret() ([]byte, error) {
	if p.KeyFile == "" {
		return nil, nil
	}
	return keyfile.Load(p.KeyFile)
}

type exportJournal struct {
	pulled
	Out string `required:"" type:"path" help:"File to write; it must not exist."`
}

// Run writes the file. Damage is said and is an error only after all that is sound has been written.
func (e *exportJournal) Run(t terminal) error {
	secret, err := e.secret()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(e.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	exported := gateway.Export(e.Dir, secret, f, t.out)
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if exported == nil || errors.Is(exported, gateway.ErrIncomplete) {
		fmt.Fprintf(t.out, "written to %s; bring it to central: rollcall-central import taps %s\n", e.Out, e.Out)
		return exported
	}
	return errors.Join(exported, os.Remove(e.Out))
}

type verifyJournal struct{ pulled }

// Run reads and writes nothing.
func (v *verifyJournal) Run(t terminal) error {
	secret, err := v.secret()
	if err != nil {
		return err
	}
	return gateway.Export(v.Dir, secret, nil, t.out)
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
