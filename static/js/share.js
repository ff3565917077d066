/**
 * Sharing a page: the device's own way, else its address is copied, else it stands there to be copied by hand.
 *
 *   <button popovertarget="share" data-share>…</button>   <div id="share" popover>… <input id="share-address" readonly> …</div>
 *
 * Without script, the buttons show the address.
 */
import { copyText } from "showfloor/clipboard";
import { toast } from "showfloor/toast";
import { say } from "showfloor/words";

/** @param {Document} page @param {{title: string}} what */
export function share(page, { title }) {
  const panel = page.getElementById("share");
  const field = /** @type {HTMLInputElement | null} */ (page.getElementById("share-address"));
  if (!panel || !field) return;
  const url = location.origin + location.pathname;
  field.value = url;
  field.addEventListener("focus", () => field.select());
  for (const button of page.querySelectorAll("[data-share]")) {
    button.addEventListener("click", async (event) => {
      event.preventDefault(); // or the address is shown in any case
      if (await isShared({ title, url })) return;
      if (await copyText(url)) return toast(page, say("copied"));
      panel.showPopover();
      field.focus();
    });
  }
}

/** Whether the device's own way was taken, or turned away by the person. @param {{title: string, url: string}} what */
async function isShared(what) {
  if (!navigator.share || !matchMedia("(pointer: coarse)").matches) return false;
  try {
    await navigator.share(what);
    return true;
  } catch (error) {
    return /** @type {Error} */ (error).name === "AbortError";
  }
}
