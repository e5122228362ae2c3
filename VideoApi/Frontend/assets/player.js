'use strict';

// Plays the playlist that the page names in data-playlist. hls.js is asked first: where it works it behaves the same
// in every browser; the browser's own HLS is for those without Media Source Extensions (iPhones).
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
    // hls.js has retried by itself when it calls an error fatal; what follows are second chances, few and spaced out.
    const limits = { [Hls.ErrorTypes.NETWORK_ERROR]: 5, [Hls.ErrorTypes.MEDIA_ERROR]: 3 };
    let tries = 0;
    let failedAt = 0;
    let hasPlaylist = false;

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
    // Only what has played on counts as recovered: a broken segment is buffered again and again.
    video.addEventListener('timeupdate', () => {
      if (tries > 0 && video.currentTime > failedAt + 1) {
        tries = 0;
        show('');
      }
    });
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) {
        return;
      }
      const status = error.response?.code ? ` (status ${error.response.code})` : '';
      if (tries < (limits[error.type] ?? 0)) {
        tries += 1;
        failedAt = video.currentTime;
        show(`The video stumbled: ${error.details}${status}. Trying again…`);
        setTimeout(retry, 1000 * tries, error.type);
      } else {
        hls.destroy();
        show(`The video cannot be played: ${error.details}${status}. Reload the page to try again.`);
      }
    });

    hls.loadSource(playlist);
    hls.attachMedia(video);
  }
})();
