package pane

import "testing"

func TestShortCommand(t *testing.T) {
	for command, want := range map[string]string{
		"": "?", "/usr/bin/python3 /srv/app/main.py --port 80": "main.py --port 80", "python3 -u -X dev -Wi /srv/app.py": "app.py", "python3 -m http.server": "python3 -m http.server",
		"python3 -Bc pass": "python3 -Bc pass", "python3": "python3", "python3 -u": "python3 -u", "/srv/bin/gunicorn shop.wsgi": "gunicorn shop.wsgi", "python3 -X importtime -m app": "python3 -X importtime -m app",
	} {
		if got := ShortCommand(command); got != want {
			t.Errorf("%q is shown as %q, want %q", command, got, want)
		}
	}
}
