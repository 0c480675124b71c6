package qr_test

import (
	"bufio"
	"io"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/qr"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   9600,
		Reader: "door",
		Cards:  []string{"qr:STUDENT-0042", "qr:https://example.org/s?id=7", "qr:9780201379624", "qr:rc1:7f3a9c"},
		Bus: func(t testing.TB, line *serialport.Line) drivers.Bus {
			t.Helper()
			b, err := qr.New(qr.Options{Name: "bench", Line: line, Reader: "door", Feedback: map[drivers.Signal]string{
				drivers.Off: "0", drivers.Ready: "1", drivers.Fault: "2", drivers.Accepted: "3", drivers.Refused: "4",
			}})
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		Device:     func(testing.TB) drivertest.Device { return newScanner() },
		CardOctets: 10,
		Bare:       true,
		Unchecked:  true,
	})
}

// scanner sends AIM identifier, code, CR and LF, and shows a signal for each digit it is sent.
type scanner struct {
	codes   []string
	present chan int
	shown   chan drivers.Signal
}

func newScanner() *scanner {
	return &scanner{
		codes:   []string{"]Q1STUDENT-0042\r\n", "]Q1https://example.org/s?id=7\r\n", "]E09780201379624\r\n", "]Q1rc1:7f3a9c\r\n"},
		present: make(chan int, 8),
		shown:   make(chan drivers.Signal, 64),
	}
}

func (s *scanner) Present(i int)                 { s.present <- i }
func (s *scanner) Lights() <-chan drivers.Signal { return s.shown }

func (s *scanner) Serve(line io.ReadWriter) {
	gone, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.push(line, gone)
	}()
	signals := map[byte]drivers.Signal{
		'0': drivers.Off, '1': drivers.Ready, '2': drivers.Fault, '3': drivers.Accepted, '4': drivers.Refused,
	}
	for octets := bufio.NewReader(line); ; {
		o, err := octets.ReadByte()
		if err != nil {
			break
		}
		if signal, ok := signals[o]; ok {
			s.shown <- signal
		}
	}
	close(gone)
	<-stopped
}

// push sends codes as fast as people change, so that noise after one line is no part of the next.
func (s *scanner) push(line io.Writer, gone <-chan struct{}) {
	for {
		select {
		case i := <-s.present:
			if _, err := io.WriteString(line, s.codes[i]); err != nil {
				return
			}
			time.Sleep(300 * time.Millisecond)
		case <-gone:
			return
		}
	}
}
