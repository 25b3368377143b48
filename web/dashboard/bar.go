package dashboard

// bar is a progress bar in parts, each with its place in percent. It is drawn as SVG,
// because the content security policy allows no style in the page.
type bar struct {
	Parts []barPart
}

type barPart struct {
	Mood  string // good, busy, bad
	X, W  float64
	Count int
}

const whole = 100.0

// barOf returns a bar of total with what is done, being done and went wrong; what is left
// is the ground.
func barOf(total, done, running, ill int) bar {
	var b bar
	x := 0.0
	for _, part := range []barPart{{Mood: "good", Count: done}, {Mood: "busy", Count: running}, {Mood: "bad", Count: ill}} {
		if part.Count <= 0 || total <= 0 {
			continue
		}
		part.X, part.W = x, whole*float64(part.Count)/float64(total)
		x += part.W
		b.Parts = append(b.Parts, part)
	}
	return b
}

// gauge returns a bar of what is held of a cap.
func gauge(held, limit int) bar {
	if limit <= 0 || held <= 0 {
		return bar{}
	}
	mood := "accent"
	if held >= limit {
		mood = "busy"
	}
	return bar{Parts: []barPart{{Mood: mood, W: min(whole*float64(held)/float64(limit), whole), Count: held}}}
}
