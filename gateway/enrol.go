package gateway

import (
	"context"
	"log/slog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/identity"
)

// Enrol trades an invitation for this gateway's identity and stores it under the configured data directory. It returns the
// gateway's name and building. A gateway that is waiting for its identity starts to record taps within seconds.
func Enrol(ctx context.Context, c *config.Gateway, invitation contract.Invitation, log *slog.Logger) (name, building string, err error) {
	i, err := identity.Enrol(ctx, identity.Options{Dir: identityDir(c), Log: log}, c.Central.URL, invitation)
	if err != nil {
		return "", "", err
	}
	return i.Gateway(), i.Building(), nil
}
