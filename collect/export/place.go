package export

import "pytop/collect"

type placeJSON struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Line     *int   `json:"line"` // that runs
}

func placesOf(stack []collect.Place) []placeJSON {
	rows := make([]placeJSON, len(stack))
	for i, p := range stack {
		rows[i] = placeJSON{text(p.File), text(p.Function), some(p.Line)}
	}
	return rows
}
