package ascii_test

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// pusher is a reader that pushes literal frames and understands literal commands, which end in CR.
type pusher struct {
	frames   []string
	commands map[string]drivers.Signal
	answer   string        // to every command
	pause    time.Duration // after each frame

	present chan int
	shown   chan drivers.Signal
}

func newPusher(frames []string, commands map[string]drivers.Signal, answer string) *pusher {
	p := &pusher{frames: frames, commands: commands, answer: answer, present: make(chan int, len(frames))}
	if commands != nil {
		p.shown = make(chan drivers.Signal, 64)
	}
	return p
}

func (p *pusher) Present(i int)                 { p.present <- i }
func (p *pusher) Lights() <-chan drivers.Signal { return p.shown }

func (p *pusher) Serve(line io.ReadWriter) {
	answers, stopped := make(chan struct{}, 16), make(chan struct{})
	go func() {
		defer close(stopped)
		p.push(line, answers)
	}()
	p.obey(bufio.NewReader(line), answers)
	close(answers)
	<-stopped
}

// obey shows what it is told. An answer waits for its turn to be sent; the reader holds a few.
func (p *pusher) obey(commands *bufio.Reader, answers chan<- struct{}) {
	for {
		c, err := commands.ReadString('\r')
		if err != nil {
			return
		}
		if s, ok := p.commands[strings.TrimSuffix(c, "\r")]; ok {
			p.shown <- s
		}
		select {
		case answers <- struct{}{}:
		default:
		}
	}
}

func (p *pusher) push(line io.Writer, answers <-chan struct{}) {
	for {
		text := p.answer
		select {
		case i := <-p.present:
			text = p.frames[i]
		case _, more := <-answers:
			if !more {
				return
			}
		}
		if text == "" {
			continue
		}
		if _, err := io.WriteString(line, text); err != nil {
			return
		}
		time.Sleep(p.pause)
	}
}
