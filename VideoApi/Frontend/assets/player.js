'use strict';

// Plays the playlist that the page names in data-playlist. hls.js comes first, because it behaves the same in every browser
// in which it works. The browser's own HLS is for browsers without Media Source Extensions (iPhones).
(() => {
  const video = document.querySelector('video[data-playlist]');
  const message = document.getElementById('message');
  const { playlist, worker } = video.dataset;

  const show = (text) => {
    message.textContent = text;
    message.hidden = text === '';
  };

  if (window.Hls && Hls.isSupported()) {
    play(new Hls({ workerPath: worker }));
  } else if (video.canPlayType('application/vnd.apple.mpegurl')) {
    video.addEventListener('error', () => show(`The video cannot be played (error ${video.error?.code}).`));
    video.src = playlist;
  } else {
    show('This browser can play no HLS video.');
  }

  function play(hls) {
    // When hls.js calls an error fatal, it has retried already. These are second chances, few and far apart.
    const limits = { [Hls.ErrorTypes.NETWORK_ERROR]: 5, [Hls.ErrorTypes.MEDIA_ERROR]: 3 };
    let tries = 0;
    let failedAt = 0;
    let hasPlaylist = false;
    let isFinished = false;
    let missing = 0;

    const retry = (type) => {
      if (type === Hls.ErrorTypes.MEDIA_ERROR) {
        hls.recoverMediaError();
      } else if (hasPlaylist) {
        hls.startLoad();
      } else {
        hls.loadSource(playlist);
      }
    };

    hls.on(Hls.Events.MANIFEST_PARSED, () => { hasPlaylist = true; });
    hls.on(Hls.Events.LEVEL_LOADED, (_, level) => { isFinished = !level.details.live; });
    // A missing part of a finished film will not come. Each rendition can have it, and hls.js tries the others by itself.
    const isGone = (error) => {
      const isPart = error.details === Hls.ErrorDetails.FRAG_LOAD_ERROR || error.details === Hls.ErrorDetails.KEY_LOAD_ERROR;
      if (!isFinished || !isPart || ![404, 410].includes(error.response?.code)) {
        return false;
      }
      missing += 1;
      return error.fatal || missing >= hls.levels.length;
    };
    const giveUp = (error, status) => {
      hls.destroy();
      show(`The video cannot be played: ${error.details}${status}. Reload the page to try again.`);
    };

    // Only playback that has moved on counts as recovered, because a broken segment is buffered again and again.
    video.addEventListener('timeupdate', () => {
      if ((tries > 0 || missing > 0) && video.currentTime > failedAt + 1) {
        tries = 0;
        missing = 0;
        show('');
      }
    });
    hls.on(Hls.Events.ERROR, (_, error) => {
      const status = error.response?.code ? ` (status ${error.response.code})` : '';
      if (isGone(error)) {
        giveUp(error, status);
        return;
      }
      if (!error.fatal) {
        return;
      }
      if (tries < (limits[error.type] ?? 0)) {
        tries += 1;
        failedAt = video.currentTime;
        show(`The video stumbled: ${error.details}${status}. Trying again…`);
        setTimeout(retry, 1000 * tries, error.type);
      } else {
        giveUp(error, status);
      }
    });

    hls.loadSource(playlist);
    hls.attachMedia(video);
  }
})();
