/**
 * What hls.js is loading. Nothing that still arrives is begun again, however long it takes: a list of hours over a bad
 * connection. What has stopped arriving is for the player's watch to notice, which asks here first.
 */

const FIRST_BYTE_MS = 10_000;
const LOAD_MS = 600_000;
const LONG_S = 3;
const IDLE_S = 8;

export class Loads {
  /** @type {Map<any, {bytes: number, forS: number, idleS: number}>} */ #loads = new Map();

  /** Forget the loads of a player before, and have the next one tell of its own. @param {any} Hls @returns {object} */
  configure(Hls) {
    const usual = Hls.DefaultConfig;
    const loads = (this.#loads = new Map());
    const patient = (/** @type {string} */ policy) => ({
      default: { ...usual[policy].default, maxTimeToFirstByteMs: FIRST_BYTE_MS, maxLoadTimeMs: LOAD_MS },
    });
    return {
      manifestLoadPolicy: patient("manifestLoadPolicy"),
      playlistLoadPolicy: patient("playlistLoadPolicy"),
      fragLoadPolicy: patient("fragLoadPolicy"),
      loader: class extends usual.loader {
        load(/** @type {any[]} */ ...args) {
          loads.set(this, { bytes: 0, forS: 0, idleS: 0 });
          super.load(...args);
        }
        abort() {
          loads.delete(this);
          super.abort();
        }
        destroy() {
          loads.delete(this);
          super.destroy();
        }
      },
    };
  }

  /** Once a second: note how far each load is. @returns {boolean} whether one takes long, and still arrives */
  look() {
    let isArriving = false;
    for (const [loader, load] of this.#loads) {
      const { stats } = loader;
      if (!stats || stats.aborted || stats.loading.end) {
        this.#loads.delete(loader);
        continue;
      }
      load.forS += 1;
      load.idleS = stats.loaded > load.bytes ? 0 : load.idleS + 1;
      load.bytes = stats.loaded;
      if (load.forS >= LONG_S && load.bytes > 0 && load.idleS < IDLE_S) isArriving = true;
    }
    return isArriving;
  }
}
