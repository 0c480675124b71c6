package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-ble/ble"
	"github.com/go-ble/ble/linux/hci"
	"github.com/go-ble/ble/linux/hci/cmd"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// scanParameters: passive, because answers to scan requests upset go-ble and cost air time; 60 ms windows without a gap,
// because every edge between windows cuts packets. Units of 0.625 ms.
var scanParameters = cmd.LESetScanParameters{LEScanType: 0, LEScanInterval: 96, LEScanWindow: 96}

// adapter is a controller that scans.
type adapter struct {
	hci  *hci.HCI
	addr [6]byte
}

// open brings the controller up and starts one scan that lasts as long as the process. go-ble ignores refused commands
// while it opens, so what matters is asked again here. It may never return; see openWithin.
func open(device int, heard ble.AdvHandler) (*adapter, error) {
	h, err := hci.NewHCI(ble.OptDeviceID(device), ble.OptScanParams(scanParameters))
	if err != nil {
		return nil, openFault(device, err)
	}
	if err := h.Init(); err != nil {
		return nil, openFault(device, err)
	}
	a := &adapter{hci: h}
	if a.addr, err = a.address(); err != nil {
		return nil, faultf(wire.OpenFailed, "read address of hci%d: %s", device, plain(err))
	}
	if a.addr == [6]byte{} {
		return nil, faultf(wire.NoAddress, "hci%d answers but has no address", device)
	}
	if err := h.Send(&scanParameters, nil); err != nil {
		return nil, faultf(wire.ScanRefused, "set scan parameters of hci%d: %s", device, plain(err))
	}
	if err := h.SetAdvHandler(heard); err != nil {
		return nil, faultf(wire.ScanRefused, "set handler of hci%d: %s", device, plain(err))
	}
	if err := h.Scan(true); err != nil { // with duplicates: signal strength is a series, not one reading
		return nil, faultf(wire.ScanRefused, "start scan of hci%d: %s", device, plain(err))
	}
	return a, nil
}

// openWithin is open with a bound. A controller that hangs while it is opened leaves a goroutine behind.
func openWithin(ctx context.Context, o Options, heard ble.AdvHandler) (*adapter, error) {
	type result struct {
		a   *adapter
		err error
	}
	done := make(chan result, 1)
	go func() {
		a, err := open(o.Device, heard)
		done <- result{a, err}
	}()
	timer := time.NewTimer(o.StartWithin)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.a, r.err
	case <-timer.C:
		return nil, faultf(wire.StartTimeout, "hci%d was not scanning after %v", o.Device, o.StartWithin)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// address asks the controller who it is.
func (a *adapter) address() ([6]byte, error) {
	var rp cmd.ReadBDADDRRP
	if err := a.hci.Send(&cmd.ReadBDADDR{}, &rp); err != nil {
		return [6]byte{}, err
	}
	return rp.BDADDR, nil
}

var (
	errNoAnswer  = errors.New("no answer")
	errOtherAddr = errors.New("answers with another address")
)

// beat asks for the address as a sign of life and tells how long the answer took.
func (a *adapter) beat(within time.Duration) (time.Duration, error) {
	began := time.Now()
	done := make(chan error, 1) // an answer after the bound finds nobody
	go func() {
		addr, err := a.address()
		switch {
		case err != nil:
			err = errors.New(plain(err))
		case addr != a.addr:
			err = errOtherAddr
		}
		done <- err
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case err := <-done:
		return time.Since(began), err
	case <-timer.C:
		return 0, fmt.Errorf("%w in %v", errNoAnswer, within)
	}
}

// release gives the adapter back, if go-ble can still do it in time; otherwise the end of the process will.
func (a *adapter) release(within time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if a.hci.StopScanning() == nil {
			_ = a.hci.Close()
		}
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
