package ble

import (
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// Reasons the supervisor finds by itself, beside those a worker gives. They are metric labels.
const (
	reasonSpawn        = "spawn"         // the command could not be started
	reasonNoWorker     = "no_worker"     // it started but did not connect
	reasonNoStatus     = "no_status"     // connected, but no sign of life
	reasonProtocol     = "protocol"      // it sent what is no record, or is of another version
	reasonBeaconSilent = "beacon_silent" // a configured beacon fell silent: the scan may have died quietly
	reasonSocket       = "socket"        // the socket could not be made
)

// ending is why a session with a worker is over.
type ending struct {
	reason   string
	detail   string // for the log
	hopeless bool   // trying again soon is of no use
}

// given is an ending the worker announced.
func given(t wire.Trouble) ending {
	switch t.Reason {
	case wire.NoAdapter, wire.NoPermission, wire.Busy, wire.Blocked, wire.NoAddress:
		return ending{t.Reason.String(), t.Detail, true}
	}
	return ending{t.Reason.String(), t.Detail, false}
}

func allReasons() []string {
	names := []string{reasonSpawn, reasonNoWorker, reasonNoStatus, reasonProtocol, reasonBeaconSilent, reasonSocket}
	for _, r := range wire.Reasons() {
		names = append(names, r.String())
	}
	return names
}

const goOn = "cards go on working"

// advice is what a technician can do, by reason.
var advice = map[string]string{
	wire.NoAdapter.String():    "no Bluetooth adapter {adapter}: " + goOn + "; plug an adapter in, or switch beacons off in the configuration",
	wire.NoPermission.String(): "no permission to use {adapter}: " + goOn + "; give the Bluetooth worker CAP_NET_ADMIN, as its systemd unit does",
	wire.Busy.String():         "another program is using {adapter}: " + goOn + "; mask bluetooth.service, or stop the other program",
	wire.Blocked.String():      "{adapter} is switched off by rfkill: " + goOn + "; run rfkill unblock bluetooth",
	wire.NoAddress.String():    "{adapter} answers but has no address, so its firmware is not loaded: " + goOn + "; install the adapter's firmware or use another adapter",
	reasonSpawn:                "the Bluetooth worker cannot be started: " + goOn + "; check the installation of rollcall-gateway",
	reasonNoWorker:             "the Bluetooth worker starts but does not connect to {socket}: " + goOn + "; read its messages with journalctl",
	reasonProtocol:             "the Bluetooth worker is of another version: " + goOn + "; restart it",
	reasonSocket:               "the Bluetooth worker's socket {socket} cannot be made: " + goOn + "; check the directory and its owner",
	reasonBeaconSilent:         "a beacon fell silent, so scanning with {adapter} is being restarted; if only that beacon stays silent, replace its battery",
}

// words is the trouble to show for a reason. What has no advice of its own is a failure the restart usually repairs.
func (s *Supervisor) words(reason string) string {
	text, ok := advice[reason]
	if !ok {
		text = "{adapter} stopped working and is being restarted: " + goOn + "; if this does not end, unplug the adapter and plug it in again"
	}
	return strings.NewReplacer("{adapter}", s.adapterName(), "{socket}", s.o.Socket).Replace(text)
}

func (s *Supervisor) adapterName() string { return fmt.Sprintf("hci%d", s.o.Device) }

func startingWords(o Options) string {
	if o.External {
		return "no Bluetooth worker has connected to " + o.Socket + ": " + goOn + "; start rollcall-ble.service"
	}
	return "the Bluetooth worker is starting"
}
