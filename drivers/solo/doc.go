// Package solo is what drivers of a line with one reader have in common: cards on their way to the gateway, the hold-off
// of a card that stays, the signals that were asked for, the state for the status page, and the metrics. It speaks no
// protocol and never touches the line: that is the driver's talk.
//
// # How a driver uses it
//
// A driver makes a Bus with New and gives it a talk, a function that holds one conversation: from the opening of the
// line until it hangs up or the context ends. The Bus is the whole drivers.Bus; talk has the port to itself and is the
// only goroutine that may use the Session it is given. No method of Session waits for anything.
//
// A reader that pushes needs to write a talk of two lines:
//
//	func (t *talk) run(ctx context.Context, s *solo.Session) error {
//		t.scan = newScanner(…)                         // half a frame of the connection before is not continued
//		return s.Listen(ctx, t.hear, t.feedback)       // t.hear cuts frames and calls s.Card, s.Refuse, s.Noise
//	}
//
// A reader that is polled (Options.Polled) has a loop of its own:
//
//	for ctx.Err() == nil {
//		for _, a := range s.Asked() {                  // lights first; includes the way back to the steady one
//			…                                          // send, await the reply, then s.Shown(a, at) or s.Unshown(a)
//		}
//		if !s.Full() {                                 // else the card in hand is not taken yet: do not ask for another
//			…                                          // ask for a card; s.Exchange, s.Retry for what came of it,
//			s.Heard(at)                                // for every valid reply: the reader is up from then on,
//			s.Card(key, err, at)                       // for every card in it, or s.Several(at) for two at once
//		}
//		select {
//		case <-s.Wake():                               // a signal was asked for, or Full has ended: look again
//		case <-pollAgain.C:
//		case <-ctx.Done():
//		}
//	}
//	return …                                           // put the light off; Session.Asked is of no use any more
//
// and says s.Lost("stopped answering: …") when its reader no longer answers. What it answers after that makes it up
// again, and the steady light is asked for anew, as it is at the start of each Session.
//
// # Cards
//
// Card takes what package credential made of a whole frame. A good key, and a card that names nobody
// (credential.ErrRandom, ErrBlank: Read.Unsuitable), go to the gateway, which answers with a light. Every other error
// is of a frame that was read wrong or is set up wrong: it is counted, nobody else will hear of it, and the reader is
// asked to show NotKept. A frame that cannot be a card at all is a matter for Refuse, which shows nothing.
//
// The same card again is a repetition and is counted, until it was not seen for the hold-off; each repetition starts
// that time anew, so that a card that lies on the reader is one read for as long as it lies there. All unsuitable cards
// count as the same one, since a random number is another at each look, and so do all cards refused for one reason.
// Time in which nobody looked because the gateway took no cards does not count, nor does that in which a
// polled reader gave no usable answer, as long as the driver says so with Blind.
//
// A card is never dropped: it waits here, in order, until the gateway takes it. Full says that no more should be
// fetched from the reader: at once when it is polled, since it keeps its card, and after a few dozen where it pushes,
// since then the tty keeps what comes.
//
// # Signals
//
// Asked gives them in the order they were asked for. A momentary one that waited for three seconds, or that was asked
// for while the reader was away, is dropped and counted: it would be taken for the next person's. One second after a
// momentary one was Shown, and not before, the steady one is asked for again; and once a minute, for a reader that lost
// its light together with its power.
package solo
