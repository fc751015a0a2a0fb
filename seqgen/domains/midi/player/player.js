"use strict";
(() => {
  const score = JSON.parse(document.getElementById("score").textContent);
  const get = (id) => document.getElementById(id);
  const notes = [];
  for (let i = 0; i < score.notes.length; i += 6) {
    const [begin, length, row, velocity, track, key] = score.notes.slice(i, i + 6);
    notes.push({ begin: begin / 1000, end: (begin + length) / 1000, row, velocity, track, key });
  }
  const bars = score.bars.map((ms) => ms / 1000), beats = score.beats.map((ms) => ms / 1000);
  const end = Math.max(bars[bars.length - 1], notes.reduce((most, n) => Math.max(most, n.end), 0));
  const longest = notes.reduce((most, n) => Math.max(most, n.end - n.begin), 0);
  const muted = new Set();

  /* Sounds: each takes a context, where to, a note, when and how long. Returns nothing: nodes end themselves. */
  const noises = new WeakMap(), waves = new WeakMap();
  function noise(context) {
    if (!noises.has(context)) {
      const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate);
      const data = buffer.getChannelData(0);
      let seed = 1;
      for (let i = 0; i < data.length; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
        data[i] = seed / 2147483648;
      }
      noises.set(context, buffer);
    }
    return noises.get(context);
  }
  const PARTIALS = { organ: [1, .6, .35, .25, .1, .12, 0, .08], choir: [1, .45, .28, .1, .06, .03],
    reed: [1, .2, .6, .15, .35, .1, .2], brass: [1, .8, .6, .45, .3, .2, .1], string: [1, .55, .4, .3, .2, .14, .1],
    pluck: [1, .5, .3, .18, .1, .06], bell: [1, 0, .35, 0, .2, 0, 0, .15], lead: [1, .5, .33, .25, .2, .16, .14] };
  function wave(context, kind) {
    if (!waves.has(context)) waves.set(context, {});
    const known = waves.get(context);
    if (!known[kind]) {
      const partials = PARTIALS[kind];
      known[kind] = context.createPeriodicWave(new Float32Array([0, ...partials.map(() => 0)]),
        new Float32Array([0, ...partials]));
    }
    return known[kind];
  }
  function family(program) {
    if (program < 8 || (program >= 24 && program < 40) || program === 45 || program === 46 ||
      (program >= 104 && program < 109)) return "pluck";
    if (program < 16 || program >= 108) return "bell";
    if (program < 24) return "organ";
    if (program < 52) return "string";
    if (program < 55 || (program >= 88 && program < 104)) return "choir";
    if (program < 64) return "brass";
    return program < 80 ? "reed" : "lead";
  }
  function tone(context, to, note, at, length, program) {
    const kind = family(program), struck = kind === "pluck" || kind === "bell";
    const loud = .22 * (note.velocity / 127) ** 1.5, level = context.createGain(), gain = level.gain;
    const attack = struck ? .004 : kind === "choir" || kind === "string" ? .05 : .02;
    const release = struck ? .15 : .12;
    gain.setValueAtTime(0, at);
    gain.linearRampToValueAtTime(loud, at + attack);
    const held = Math.max(length, attack + .02);
    if (struck) gain.setTargetAtTime(0, at + attack, Math.max(.15, 1.2 - note.key / 120));
    else gain.setTargetAtTime(loud * .8, at + attack, .2);
    gain.setTargetAtTime(0, at + held, release / 3);
    level.connect(to);
    const voices = kind === "choir" || kind === "string" ? [-5, 5] : [0];
    for (const cents of voices) {
      const source = context.createOscillator();
      source.setPeriodicWave(wave(context, kind));
      source.frequency.value = 440 * 2 ** ((note.key - 69) / 12);
      source.detune.value = cents;
      source.connect(level);
      source.start(at);
      source.stop(at + held + release * 2);
    }
  }
  function drum(context, to, note, at) {
    const key = note.key, loud = .5 * (note.velocity / 127) ** 1.5, level = context.createGain();
    const low = key < 37 || [41, 43, 45, 47, 48, 50].includes(key) || (key >= 60 && key < 67);
    const ringing = [46, 49, 51, 52, 53, 55, 57, 59].includes(key);
    const seconds = low ? .22 : ringing ? .7 : key === 38 || key === 40 || key === 39 ? .16 : .06;
    level.gain.setValueAtTime(loud * (low ? 1.3 : ringing ? .5 : .7), at);
    level.gain.exponentialRampToValueAtTime(.0005, at + seconds);
    level.connect(to);
    if (low) {
      const source = context.createOscillator(), pitch = key < 37 ? 55 : 60 + (key - 40) * 6;
      source.frequency.setValueAtTime(pitch * 2.2, at);
      source.frequency.exponentialRampToValueAtTime(pitch, at + .06);
      source.connect(level);
      source.start(at);
      source.stop(at + seconds);
      return;
    }
    const source = context.createBufferSource(), filter = context.createBiquadFilter();
    source.buffer = noise(context);
    source.loop = true;
    filter.type = seconds === .16 ? "bandpass" : "highpass";
    filter.frequency.value = seconds === .16 ? 1800 : 7000;
    filter.Q.value = .6;
    source.connect(filter).connect(level);
    source.start(at, (key * .013) % 1);
    source.stop(at + seconds);
  }
  function output(context) {
    const level = context.createGain(), press = context.createDynamicsCompressor();
    level.connect(press).connect(context.destination);
    return level;
  }
  /* Begin the notes that come between two positions, and with `held` those that sound at the first. */
  function schedule(context, to, from, until, when, speed, held) {
    let k = first(from - (held ? longest : 0));
    for (; k < notes.length && notes[k].begin < until; k++) {
      const note = notes[k];
      if (muted.has(note.track) || (note.begin < from && (!held || note.end <= from))) continue;
      const track = score.tracks[note.track], begin = Math.max(note.begin, from);
      if (track.drum && note.begin < from) continue;
      const at = Math.max(context.currentTime, when + (begin - from) / speed);
      if (track.drum) drum(context, to, note, at);
      else tone(context, to, note, at, (note.end - begin) / speed, track.program);
    }
  }
  function first(position) {
    let low = 0, high = notes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (notes[middle].begin < position) low = middle + 1; else high = middle;
    }
    return low;
  }

  /* Playing: `position` at `since` on the audio clock, everything before `planned` is scheduled. */
  let context = null, master = null, bus = null, playing = false, position = 0, since = 0, planned = 0, timer = 0;
  let speed = 1;
  const now = () => playing ? Math.min(end, position + Math.max(0, context.currentTime - since) * speed) : position;
  function silence() {
    if (!bus) return;
    const old = bus;
    bus = null;
    old.gain.setTargetAtTime(0, context.currentTime, .015);
    setTimeout(() => old.disconnect(), 120);
  }
  function plan() {
    const until = Math.min(end, now() + (document.hidden ? 2 : .25) * speed);
    if (until > planned) {
      schedule(context, bus, planned, until, since + (planned - position) / speed, speed, planned === position);
      planned = until;
    }
    if (now() >= end) { pause(); position = 0; show(); }
  }
  function start() {
    if (!context) {
      context = new AudioContext();
      master = output(context);
      master.gain.value = get("volume").value / 100;
    }
    context.resume();
    silence();
    bus = context.createGain();
    bus.connect(master);
    since = context.currentTime + .06;
    planned = position;
    playing = true;
    clearInterval(timer);
    timer = setInterval(plan, 50);
    plan();
    show();
    requestAnimationFrame(tick);
  }
  function pause() {
    position = now();
    playing = false;
    clearInterval(timer);
    silence();
    show();
  }
  const again = (change) => { const was = playing; if (was) pause(); change(); if (was) start(); else show(); };
  const seek = (to) => again(() => { position = Math.min(end, Math.max(0, to)); });
  const toggle = () => { if (playing) pause(); else { if (position >= end) position = 0; start(); } };

  /* Showing */
  const roll = get("roll"), canvas = get("canvas"), paint = canvas.getContext("2d"), left = 52, top = 16;
  let scale = 90; // pixels a second
  let shown = 0;
  function layout() {
    get("length").style.width = `${Math.ceil(left + end * scale + 20)}px`;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = roll.clientWidth * ratio;
    canvas.height = roll.clientHeight * ratio;
    canvas.style.width = `${roll.clientWidth}px`;
    canvas.style.height = `${roll.clientHeight}px`;
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw();
  }
  function draw() {
    const width = roll.clientWidth, height = roll.clientHeight, rows = score.rows.length || 1;
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const [page, ink, black, beat, bar, line] = ["--page", "--dim", "--black", "--beat", "--bar", "--now"].map(colour);
    const tall = (height - top) / rows, x = (t) => left + t * scale - roll.scrollLeft;
    const y = (row) => height - (row + 1) * tall;
    const from = (roll.scrollLeft - left) / scale, until = (roll.scrollLeft + width) / scale;
    paint.fillStyle = page;
    paint.fillRect(0, 0, width, height);
    score.rows.forEach(([, kind], row) => {
      paint.fillStyle = black;
      if (kind === 2 || (kind === 0 && row % 2)) paint.fillRect(left, y(row), width, tall);
    });
    paint.font = "11px system-ui, sans-serif";
    paint.fillStyle = beat;
    for (const t of beats) if (t > from && t < until) paint.fillRect(x(t), top, 1, height);
    let last = -99;
    bars.forEach((t, k) => {
      if (t < from || t > until) return;
      paint.fillStyle = bar;
      paint.fillRect(x(t), top, 1, height);
      paint.fillStyle = ink;
      if (k < bars.length - 1 && x(t) - last > 30) { paint.fillText(k + score.first, x(t) + 2, 11); last = x(t); }
    });
    shown = 0;
    for (let k = first(from - longest); k < notes.length && notes[k].begin < until; k++) {
      const note = notes[k], length = Math.max(2, (note.end - note.begin) * scale - 1);
      if (note.end < from) continue;
      paint.globalAlpha = (muted.has(note.track) ? .15 : 1) * (.4 + .6 * note.velocity / 127);
      paint.fillStyle = score.tracks[note.track].colour;
      paint.fillRect(x(note.begin), y(note.row) + .5, length, Math.max(2, tall - 1));
      shown++;
    }
    paint.globalAlpha = 1;
    paint.fillStyle = page;
    paint.fillRect(0, 0, left, height);
    paint.fillStyle = ink;
    let free = height + 99;
    score.rows.forEach(([name, kind], row) => {
      const middle = y(row) + tall / 2 + 4;
      if ((kind === 0 || kind === 3 || tall >= 13) && free - middle >= 11) {
        paint.fillText(name, 3, middle, left - 6);
        free = middle;
      }
    });
    paint.fillStyle = line;
    if (x(now()) >= left) paint.fillRect(x(now()) - 1, 0, 2, height);
    document.body.dataset.shown = shown;
  }
  const clock = (t) => `${Math.floor(t / 60)}:${String(Math.floor(t % 60)).padStart(2, "0")}`;
  function show() {
    const at = now(), play = get("play");
    play.querySelector("path").setAttribute("d", playing ? "M4 2h4v16h-4zM12 2h4v16h-4z" : "M4 2v16l13-8z");
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    get("seek").value = at * 1000;
    get("seek").setAttribute("aria-valuetext", clock(at));
    get("time").textContent = `${clock(at)} / ${clock(end)}`;
    document.body.dataset.state = playing ? "playing" : "paused";
    document.body.dataset.position = at.toFixed(3);
    if (playing) {
      const x = left + at * scale - roll.scrollLeft;
      if (x > roll.clientWidth * .85 || x < left) roll.scrollLeft = at * scale - roll.clientWidth * .1;
    }
    draw();
  }
  function tick() { if (playing) { show(); requestAnimationFrame(tick); } }
  function zoom(factor, at = now()) {
    const x = left + at * scale - roll.scrollLeft;
    scale = Math.min(1000, Math.max(Math.min(20, (roll.clientWidth - left - 24) / end), scale * factor));
    layout();
    roll.scrollLeft = left + at * scale - x;
    draw();
  }

  score.tracks.forEach((track, k) => {
    const label = document.createElement("label"), box = document.createElement("input");
    const swatch = document.createElement("i");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => again(() => { if (box.checked) muted.delete(k); else muted.add(k); }));
    swatch.style.background = track.colour;
    label.append(box, swatch, track.name);
    get("tracks").append(label);
  });
  get("seek").max = end * 1000;
  get("play").addEventListener("click", toggle);
  get("rewind").addEventListener("click", () => { roll.scrollLeft = 0; seek(0); });
  get("seek").addEventListener("input", () => seek(get("seek").value / 1000));
  get("speed").addEventListener("input", () => again(() => {
    speed = get("speed").value / 100;
    get("percent").textContent = `${get("speed").value} %`;
  }));
  get("volume").addEventListener("input", () => { if (master) master.gain.value = get("volume").value / 100; });
  get("in").addEventListener("click", () => zoom(1.4));
  get("out").addEventListener("click", () => zoom(1 / 1.4));
  const under = (event) => (event.clientX - roll.getBoundingClientRect().left - left + roll.scrollLeft) / scale;
  roll.addEventListener("click", (event) => seek(under(event)));
  roll.addEventListener("scroll", draw);
  roll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, under(event));
  }, { passive: false });
  document.addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" && event.target.type === "range" && event.key !== " ") return;
    if (event.key === " " && !["BUTTON", "A"].includes(event.target.tagName) && event.target.type !== "checkbox") {
      event.preventDefault();
      toggle();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      seek(now() + (event.key === "ArrowLeft" ? -2 : 2));
    } else if (event.key === "Home") seek(0);
  });
  const bytes = Uint8Array.from(atob(score.midi), (letter) => letter.charCodeAt(0));
  get("download").href = URL.createObjectURL(new Blob([bytes], { type: "audio/midi" }));
  get("download").download = `${score.name.replace(/[^\p{L}\p{N} _-]+/gu, "_").slice(0, 80) || "score"}.mid`;
  new ResizeObserver(layout).observe(roll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  document.body.dataset.notes = notes.length;
  layout();
  show();

  /* For tests: the sound of a stretch by the same code, as one number of loudness. */
  window.seqgenTest = {
    async render(from = 0, seconds = Math.min(10, end - from)) {
      const offline = new OfflineAudioContext(1, Math.ceil(Math.max(.1, seconds) * 44100), 44100);
      schedule(offline, output(offline), from, from + seconds, 0, 1, true);
      const samples = (await offline.startRendering()).getChannelData(0);
      let sum = 0, peak = 0;
      for (const sample of samples) { sum += sample * sample; peak = Math.max(peak, Math.abs(sample)); }
      return { rms: Math.sqrt(sum / samples.length), peak };
    },
  };
})();
