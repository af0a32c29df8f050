package pane

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Ink is a style as what goes before and after a text. It is worked out
// once: a frame has hundreds of cells.
type Ink struct {
	before, after       string
	beforeRow, afterRow string // on the cursor's row
}

// Paint sets text in the ink.
func (i Ink) Paint(text string) string {
	if text == "" || i.before == "" {
		return text
	}
	return i.before + text + i.after
}

// PaintOn is Paint, on the cursor's row when row is set: an inner style's
// reset would drop an outer background, so each cell carries it.
func (i Ink) PaintOn(row bool, text string) string {
	if !row || text == "" {
		return i.Paint(text)
	}
	return i.beforeRow + text + i.afterRow
}

// Styles is every colour of the screen. Colour has meaning: one accent
// (sorted column, cursor, active pane), amber for estimates and lower bounds,
// red for losses and failed probes, dim for what did not change, for units
// and for the heads of paths. All of it is readable without colour.
type Styles struct {
	Plain, Bold, Dim          Ink
	Accent, Title, Idle       Ink // a title is of the active pane, Idle of others
	Amber, Red                Ink
	Heat, HeatBold, HeatAmber Ink // behind the sorted column
	Key, Spark                Ink
	Shades                    [4]Ink // of a grid's cells, by value: the least first
	Badge                     Ink    // what must be seen: paused, braked
}

// NewStyles makes the Styles for a terminal's background and its colours.
func NewStyles(dark bool, profile colorprofile.Profile) *Styles {
	either := lipgloss.LightDark(dark)
	complete := lipgloss.Complete(profile)
	// On a light background, then on a dark one: of 16, of 256, of all colours.
	pick := func(light, darks [3]string) color.Color {
		of := func(i int) color.Color { return either(lipgloss.Color(light[i]), lipgloss.Color(darks[i])) }
		return complete(of(0), of(1), of(2))
	}
	accent := pick([3]string{"4", "25", "#005f9e"}, [3]string{"6", "80", "#63cbe0"})
	amber := pick([3]string{"3", "130", "#9a5b00"}, [3]string{"3", "215", "#f0b04c"})
	red := pick([3]string{"1", "160", "#b3001b"}, [3]string{"1", "203", "#ff6b6b"})
	faint := pick([3]string{"", "242", "#6a6f78"}, [3]string{"", "245", "#858b96"})
	heat := pick([3]string{"7", "152", "#c3dfe8"}, [3]string{"4", "23", "#17485a"})
	warm := pick([3]string{"", "195", "#e2f0f5"}, [3]string{"", "17", "#102c37"})
	hotter := pick([3]string{"7", "110", "#8fc0d2"}, [3]string{"4", "31", "#236f8a"})
	row := pick([3]string{"", "254", "#e8ebf0"}, [3]string{"", "236", "#292e39"})

	base := lipgloss.NewStyle()
	var on lipgloss.Style
	if profile >= colorprofile.ANSI256 {
		on = base.Background(row)
	} else {
		on = base.Bold(true)
	}
	dim := base.Faint(true)
	if profile >= colorprofile.ANSI256 {
		dim = base.Foreground(faint)
	}
	hot := base.Background(heat)
	// With 16 colours bold and one background tell the shades apart, with none
	// bold alone.
	shades := [4]lipgloss.Style{base, base.Bold(true), hot, hot.Bold(true)}
	switch {
	case profile >= colorprofile.ANSI256:
		shades = [4]lipgloss.Style{base, base.Background(warm), hot, base.Background(hotter).Bold(true)}
	case profile < colorprofile.ANSI:
		shades = [4]lipgloss.Style{base, base, base.Bold(true), base.Bold(true)}
	}
	s := &Styles{
		Plain:     newInk(base, on),
		Bold:      newInk(base.Bold(true), on),
		Dim:       newInk(dim, on),
		Accent:    newInk(base.Foreground(accent), on),
		Title:     newInk(base.Foreground(accent).Bold(true), on),
		Idle:      newInk(base.Bold(true), on),
		Amber:     newInk(base.Foreground(amber), on),
		Red:       newInk(base.Foreground(red).Bold(true), on),
		Heat:      newInk(hot, hot),
		HeatBold:  newInk(hot.Bold(true), hot),
		HeatAmber: newInk(hot.Foreground(amber), hot),
		Key:       newInk(base.Bold(true), on),
		Spark:     newInk(base.Foreground(accent), on),
		Badge:     newInk(base.Foreground(amber).Bold(true).Reverse(true), on),
	}
	for i, style := range shades {
		s.Shades[i] = newInk(style, on)
	}
	return s
}

// Shade is the ink of a grid's cell: dim for nothing, then the deeper the
// nearer it is to the largest.
func (s *Styles) Shade(v, most float64) Ink {
	switch {
	case !(v > 0):
		return s.Dim
	case v < most/8:
		return s.Shades[0]
	case v < most*3/8:
		return s.Shades[1]
	case v < most*6/8:
		return s.Shades[2]
	}
	return s.Shades[3]
}

// newInk renders a style around a mark and keeps what lies on both sides. On
// the cursor's row it takes what is not set from row.
func newInk(s, row lipgloss.Style) Ink {
	const mark = "x"
	var i Ink
	i.before, i.after, _ = strings.Cut(s.Render(mark), mark)
	i.beforeRow, i.afterRow, _ = strings.Cut(s.Inherit(row).Render(mark), mark)
	return i
}
