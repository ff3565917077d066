/**
 * Captions over the picture: a button to turn them on and off, and the words, above the buttons.
 *
 * The tracks are the browser's, whether it plays HLS itself or hls.js made them. Their words are drawn by us, for browsers
 * put theirs under the controls; only a phone's own full-screen player, which shows nothing of ours, draws them itself.
 */
import { label } from "showfloor/controls";
import { say } from "showfloor/words";

const CHOICE = "showfloor.captions";

/** @param {HTMLElement} stage @param {HTMLVideoElement} video */
export function attach(stage, video) {
  const button = /** @type {HTMLElement} */ (stage.querySelector("[data-captions]"));
  const box = /** @type {HTMLElement} */ (stage.querySelector("[data-cues]"));
  const { textTracks } = video;
  let [isWanted, isApart] = [stored(), false];

  const tracks = () => [...textTracks].filter((track) => track.kind === "captions" || track.kind === "subtitles");
  const draw = () => {
    const cues = isWanted && !isApart ? [...(tracks()[0]?.activeCues ?? [])] : [];
    box.replaceChildren(
      ...cues.map((cue) => {
        const line = document.createElement("p");
        line.append(/** @type {VTTCue} */ (cue).getCueAsHTML());
        return line;
      }),
    );
    box.hidden = cues.length === 0;
  };
  // A hidden track is loaded and tells its cues; a disabled one isn't even asked for.
  const apply = () => {
    const found = tracks();
    found.forEach((track, index) => {
      const mode = !isWanted || index > 0 ? "disabled" : isApart ? "showing" : "hidden";
      if (track.mode !== mode) track.mode = mode;
      track.oncuechange = index === 0 ? draw : null;
    });
    button.hidden = found.length === 0;
    button.setAttribute("aria-pressed", String(isWanted));
    label(button, say(isWanted ? "captions_off" : "captions_on"));
    draw();
  };
  button.addEventListener("click", () => {
    if (button.hidden) return; // by its key
    isWanted = !isWanted;
    store(isWanted);
    apply();
  });
  for (const name of ["addtrack", "removetrack", "change"]) textTracks.addEventListener(name, apply);
  for (const name of ["webkitbeginfullscreen", "webkitendfullscreen"]) {
    video.addEventListener(name, () => {
      isApart = name === "webkitbeginfullscreen";
      apply();
    });
  }
  apply();
}

function stored() {
  try {
    return localStorage.getItem(CHOICE) === "on";
  } catch {
    return false; // a browser may forbid it
  }
}

/** @param {boolean} isOn */
function store(isOn) {
  try {
    localStorage.setItem(CHOICE, isOn ? "on" : "off");
  } catch {
    // then the choice lasts as long as the page
  }
}
