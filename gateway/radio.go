package gateway

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/drivers/ble"
)

// openRadio prepares the Bluetooth supervisor. A radio that cannot be had is a warning: cards do not need one.
func (g *Gateway) openRadio() (err error) {
	b := g.config.Bluetooth
	if !b.Enabled {
		return nil
	}
	o := ble.Options{
		Device: b.Device, Socket: b.Socket, External: b.Socket != "", Command: g.o.Worker,
		Beacons: map[string]ble.Place{}, Log: g.log, Registerer: g.registry,
	}
	if o.Socket == "" {
		o.Socket = filepath.Join(g.config.Data, "ble.sock")
	}
	for _, beacon := range b.Beacons {
		o.Beacons[beacon.ID] = ble.Place{Name: beacon.Name, Room: beacon.Room}
	}
	if g.radio, err = ble.New(o); err != nil {
		g.radio = nil
		g.notice("bluetooth", fmt.Sprintf("beacons are not heard: %v", err))
	}
	return nil
}

func (g *Gateway) listenForBeacons(ctx context.Context) error {
	if g.radio == nil {
		return nil
	}
	return g.radio.Run(ctx)
}
