package site

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/wire"
)

// network is where programs run and how they are reached.
type network interface {
	address(host string) string
	command(ctx context.Context, host, name string, args ...string) *exec.Cmd
	dial(ctx context.Context, host, network, address string) (net.Conn, error)
}

// switched is four namespaces on a switch.
type switched struct{ *wire.Switch }

func (s switched) address(host string) string { return s.Address(host).String() }

func (s switched) command(ctx context.Context, host, name string, args ...string) *exec.Cmd {
	return s.Command(ctx, host, name, args...)
}

func (s switched) dial(ctx context.Context, host, network, address string) (net.Conn, error) {
	return s.Dial(ctx, host, network, address)
}

// loopback is this machine's own network, where nothing can be cut.
type loopback struct{}

func (loopback) address(string) string { return "127.0.0.1" }

func (loopback) command(ctx context.Context, _, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...) //nolint:gosec // the programs of this repository
}

func (loopback) dial(ctx context.Context, _, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// client asks from inside a host, so that no fault of the network is in between.
func (s *Site) client(host string, within time.Duration) *http.Client {
	return &http.Client{Timeout: within, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return s.network.dial(ctx, host, network, address)
		},
		MaxIdleConnsPerHost: 2,
	}}
}
