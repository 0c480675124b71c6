package gateway

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// Enrol trades an invitation for this gateway's identity and stores it under the configured data directory. It returns the
// gateway's name and building. A key file that is configured and missing is made first, as long as no gateway was enrolled in
// that directory. A gateway that is waiting for its identity starts to record taps within seconds.
func Enrol(ctx context.Context, c *config.Gateway, invitation contract.Invitation, log *slog.Logger) (name, building string, err error) {
	if err := makeFirstKey(c); err != nil {
		return "", "", err
	}
	i, err := identity.Enrol(ctx, identity.Options{Dir: identityDir(c), Log: log, Sure: kernelIsSure}, c.Central.URL, invitation)
	if err != nil {
		return "", "", err
	}
	return i.Gateway(), i.Building(), nil
}

// makeFirstKey makes the key file of a new gateway. Where one was enrolled before, a missing file is for a person to find.
func makeFirstKey(c *config.Gateway) error {
	_, err := LoadSecret(c)
	if !errors.Is(err, keyfile.ErrMissing) {
		return err
	}
	if _, enrolled := identity.Open(identity.Options{Dir: identityDir(c)}); !errors.Is(enrolled, identity.ErrNotEnrolled) {
		return err
	}
	return keyfile.Make(c.Storage.KeyFile)
}

// kernelIsSure reports whether the kernel's clock is disciplined.
func kernelIsSure() bool {
	synchronised, _, err := clock.Linux{}.Discipline()
	return err == nil && synchronised
}
